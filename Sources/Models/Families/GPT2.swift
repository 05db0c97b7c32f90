internal import Inputs
internal import Tensors

extension Family {
  /// GPT-2: pre-norm, learned positions, fused query-key-value projection, plain GELU MLP, tied head.
  ///
  /// Radford et al., 2019, "Language Models are Unsupervised Multitask Learners".
  public static let gpt2 = Family(
    "gpt2", names: .gpt2, gguf: InGGUF("gpt2", keys: gpt2Keys, names: ModuleNames.ggufFused)
  ) { config throws(Refusal) in try config.gpt2Shape() }

  private static let gpt2Keys = [
    "n_embd": "embedding_length", "n_head": "attention.head_count", "n_layer": "block_count",
    "n_positions": "context_length", "n_inner": "feed_forward_length",
    "layer_norm_epsilon": "attention.layer_norm_epsilon",
  ]
}

extension ModuleNames {
  static let gpt2: ModuleNames = {
    let fused = Name("attn.c_attn", order: .inputsByOutputs, fused: [.query, .key, .value])
    return ModuleNames(
      prefix: "transformer.", blocks: "h",
      stack: [
        .tokenEmbedding: "wte", .positionEmbedding: "wpe", .finalNorm: "ln_f", .head: "lm_head",
      ],
      block: [
        .attentionNorm: "ln_1", .query: fused, .key: fused, .value: fused,
        .attentionOutput: Name("attn.c_proj", order: .inputsByOutputs), .mlpNorm: "ln_2",
        .up: Name("mlp.c_fc", order: .inputsByOutputs),
        .down: Name("mlp.c_proj", order: .inputsByOutputs),
      ],
      modules: ModuleTree(
        attention: ["attn"], activation: "mlp.act",
        passing: [
          ("attn.attn_dropout", .attentionWeight), ("attn.resid_dropout", .attentionOutput),
          ("mlp.dropout", .mlpOutput),
        ], passingBefore: ["drop"]))
  }()
}

extension ConfigReader {
  /// - Parameter scalesByLayer: What holds where `scale_attn_by_inverse_layer_idx` is left out.
  mutating func gpt2Shape(scalesByLayer: Bool = false) throws(Refusal) -> DecoderShape {
    let isGGUF = gguf != nil
    func or<Value>(_ value: Value) -> Value? { isGGUF ? nil : value }
    ignore("n_ctx", "reorder_and_upcast_attn")
    let width = try int("n_embd", default: or(768))
    let layers = try int("n_layer", default: or(12), in: 1...10_000)
    let heads = try evenHeads("n_head", width: width, default: 12)
    try require(
      "add_cross_attention", false, because: "a decoder without cross-attention")
    let isScaled = try bool("scale_attn_weights", default: true)
    let isByLayer = try bool("scale_attn_by_inverse_layer_idx", default: scalesByLayer)
    let norm = NormShape.layer(epsilon: try epsilon("layer_norm_epsilon", default: or(1e-5)))
    let mlp = FeedForwardShape(
      width: try int("n_inner", default: 4 * width),
      .plain(try activation("activation_function", default: .geluTanh)), hasBias: true)
    let blocks = (0..<layers).map { layer in
      let scale = isScaled ? 1 / Float(heads.width).squareRoot() : 1
      let attention = AttentionShape(
        heads: heads.heads, headWidth: heads.width,
        scale: isByLayer ? scale / Float(layer + 1) : scale, biases: .all)
      return BlockShape(norm: norm, attention: attention, mlp: mlp)
    }
    return DecoderShape(
      width: width, vocabulary: try vocabulary(default: 50_257),
      positionCount: try int("n_positions", default: or(1024)),
      front: DecoderShape.Front(hasPositions: true), blocks: blocks, finalNorm: norm,
      head: DecoderShape.Head(isTied: try isTied(default: true)))
  }
}
