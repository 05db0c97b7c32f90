internal import Inputs
internal import Tensors

extension Family {
  /// OPT: learned positions, ReLU. The 350M model has its norms after the sums and narrower token
  /// embeddings.
  ///
  /// Zhang et al., 2022, <https://arxiv.org/abs/2205.01068>.
  static let opt = Family("opt", names: .opt) { config throws(Refusal) in
    let width = try config.int("hidden_size", default: 768)
    let layers = try config.int("num_hidden_layers", default: 12, in: 1...10_000)
    let heads = try config.evenHeads("num_attention_heads", width: width, default: 12)
    let isBefore = try config.bool("do_layer_norm_before", default: true)
    let hasBias = try config.bool("enable_bias", default: true)
    let inner = try config.int("word_embed_proj_dim", default: width)
    let isAffine = try config.bool("layer_norm_elementwise_affine", default: true)
    let hasNoEnd = try config.bool("_remove_final_layer_norm", default: false)
    let norm = NormShape(.layer, epsilon: 1e-5, hasGain: isAffine, hasBias: isAffine)
    let mlp = FeedForwardShape(
      width: try config.int("ffn_dim", default: 3072),
      .plain(try config.activation("activation_function", default: .relu)), hasBias: hasBias)
    let block = BlockShape(
      isBefore ? .preNorm : .postNorm, norm: norm,
      attention: AttentionShape(
        heads: heads.heads, headWidth: heads.width, biases: hasBias ? .all : []), mlp: mlp)
    var front = DecoderShape.Front(hasPositions: true)
    front.positionOffset = 2
    front.width = inner == width ? nil : inner
    return DecoderShape(
      width: width, vocabulary: try config.int("vocab_size", default: 50_272),
      positionCount: try config.int("max_position_embeddings", default: 2048), front: front,
      blocks: Array(repeating: block, count: layers),
      finalNorm: isBefore && !hasNoEnd ? norm : nil,
      head: DecoderShape.Head(isTied: try config.isTied(default: true)))
  }
}

extension ModuleNames {
  fileprivate static let opt = ModuleNames(
    prefix: "model.decoder.", blocks: "layers",
    stack: [
      .tokenEmbedding: "embed_tokens", .positionEmbedding: "embed_positions",
      .embeddingProjection: "project_in", .headProjection: "project_out",
      .finalNorm: "final_layer_norm", .head: "lm_head",
    ],
    block: [
      .attentionNorm: "self_attn_layer_norm", .query: "self_attn.q_proj",
      .key: "self_attn.k_proj", .value: "self_attn.v_proj",
      .attentionOutput: "self_attn.out_proj", .mlpNorm: "final_layer_norm", .up: "fc1",
      .down: "fc2",
    ],
    modules: ModuleTree(attention: ["self_attn"], mlp: [], activation: "activation_fn"))
}
