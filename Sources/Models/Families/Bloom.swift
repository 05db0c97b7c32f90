internal import Inputs
internal import Tensors

extension Family {
  /// BLOOM: slopes in place of positions, a norm after the embedding.
  ///
  /// Le Scao et al., 2022, <https://arxiv.org/abs/2211.05100>.
  static let bloom = Family(
    "bloom", names: .bloom, gguf: InGGUF("bloom", keys: bloomKeys, names: ModuleNames.ggufFused)
  ) { config throws(Refusal) in
    let isGGUF = config.gguf != nil
    let own = try config.int("hidden_size", default: isGGUF ? nil : 64)
    let width = try config.int("n_embed", default: own)
    let first = try config.optional("num_hidden_layers")?.int(in: 1...10_000)
    let layers = try config.int("n_layer", default: isGGUF ? nil : first ?? 2, in: 1...10_000)
    let count = try config.optional("num_attention_heads")?.int(in: 1...1 << 20)
    let heads = try config.evenHeads("n_head", width: width, default: count ?? 8)
    config.ignore(
      "slow_but_exact", "skip_bias_add", "skip_bias_add_qkv", "attention_softmax_in_fp32",
      "bias_dropout_fusion", "masked_softmax_fusion", "offset_alibi", "seq_length", "n_inner",
      "unk_token_id")
    try config.require(
      "apply_residual_connection_post_layernorm", false, because: "the sum is of what is not normed"
    )
    let norm = NormShape.layer(
      epsilon: try config.epsilon("layer_norm_epsilon", default: isGGUF ? nil : 1e-5))
    var attention = AttentionShape(heads: heads.heads, headWidth: heads.width, biases: .all)
    attention.bias = .linear(LinearBias(slopes: LinearBias.slopes(heads.heads)))
    let block = BlockShape(
      norm: norm, attention: attention,
      mlp: FeedForwardShape(width: 4 * width, .plain(.geluTanh), hasBias: true))
    var front = DecoderShape.Front()
    front.norm = norm
    return DecoderShape(
      width: width, vocabulary: try config.vocabulary(default: 250_880), positionCount: 1 << 16,
      front: front, blocks: Array(repeating: block, count: layers), finalNorm: norm,
      head: DecoderShape.Head(isTied: try config.isTied(default: true)))
  }

  private static let bloomKeys = [
    "n_layer": "block_count", "n_head": "attention.head_count",
    "layer_norm_epsilon": "attention.layer_norm_epsilon",
  ]
}

extension ModuleNames {
  fileprivate static let bloom: ModuleNames = {
    var names = falconAndBloom
    names.stack[.embeddingNorm] = "word_embeddings_layernorm"
    // The published modules hold the sums.
    names.modules = ModuleTree(
      attention: [], mlp: [], activation: "mlp.gelu_impl",
      further: [
        ("self_attention.output", .residualMiddle), ("mlp.input", .mlpInput),
        ("mlp.output", .blockOutput),
      ])
    return names
  }()
}
