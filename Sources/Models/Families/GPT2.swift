public import Checkpoints
public import Inputs
internal import Tensors

/// GPT-2: pre-norm, learned positions, fused query-key-value projection, plain GELU MLP, tied head.
///
/// Radford et al., 2019, "Language Models are Unsupervised Multitask Learners".
public enum GPT2: Architecture {
  public static let modelType = "gpt2"
  public static let prefix = "transformer."

  private static let knownKeys: Set<String> = inertKeys.union([
    "n_embd", "n_head", "n_layer", "n_inner", "n_positions", "n_ctx", "vocab_size",
    "layer_norm_epsilon", "activation_function", "scale_attn_weights",
    "scale_attn_by_inverse_layer_idx", "reorder_and_upcast_attn", "tie_word_embeddings",
    "add_cross_attention", "attn_pdrop", "embd_pdrop", "resid_pdrop", "summary_activation",
    "summary_first_dropout", "summary_proj_to_labels", "summary_type", "summary_use_proj",
    "gradient_checkpointing",
  ])

  public static func shape(_ config: JSONField) throws(Refusal) -> DecoderShape {
    try shape(config, alsoKnown: [], scalesByLayer: false)
  }

  /// - Parameters:
  ///   - alsoKnown: Fields of a model that has a GPT-2 inside.
  ///   - scalesByLayer: What holds where `scale_attn_by_inverse_layer_idx` is left out.
  static func shape(
    _ config: JSONField, alsoKnown: Set<String>, scalesByLayer: Bool
  ) throws(Refusal) -> DecoderShape {
    try config.refuseUnknownKeys(known: knownKeys.union(alsoKnown))
    let width = try positive(config, "n_embd")
    let heads = try positive(config, "n_head")
    let layers = try positive(config, "n_layer", most: 10_000)
    guard width % heads == 0 else {
      throw try config["n_embd"].refusal(
        "n_embd \(width), no multiple of n_head \(heads)", expected: "a multiple of n_head")
    }
    if let crossed = try config.optional("add_cross_attention"), try crossed.bool() {
      throw crossed.refusal("true", expected: "false: a decoder without cross-attention")
    }
    let headWidth = width / heads
    var scales = [Float](repeating: 1 / Float(headWidth).squareRoot(), count: layers)
    if let scaled = try config.optional("scale_attn_weights"), try !scaled.bool() {
      scales = scales.map { _ in 1 }
    }
    let byLayer = try config.optional("scale_attn_by_inverse_layer_idx")?.bool()
    if byLayer ?? scalesByLayer {
      scales = scales.enumerated().map { $1 / Float($0 + 1) }
    }
    let inner = try config.optional("n_inner")
    let tied = try config.optional("tie_word_embeddings")
    return DecoderShape(
      layers: layers, width: width, heads: heads, keyHeads: heads, headWidth: headWidth,
      mlpWidth: try inner?.int(in: 1...1 << 24) ?? 4 * width,
      vocabulary: try positive(config, "vocab_size"),
      positionCount: try positive(config, "n_positions"),
      norm: .layer, epsilon: try epsilon(config["layer_norm_epsilon"]),
      mlp: .plain(try activation(config["activation_function"])), positions: .learned,
      attentionScales: scales, attentionBias: true, attentionOutputBias: true, mlpBias: true,
      tiedEmbedding: try tied?.bool() ?? true)
  }

  public static func shape(
    _ checkpoint: Checkpoint, _ metadata: GGUFMetadata
  ) throws(Refusal) -> DecoderShape {
    func size(_ key: String, most: Int = 1 << 24) throws(Refusal) -> Int {
      try metadata["gpt2.\(key)"].int(in: 1...most)
    }
    let width = try size("embedding_length")
    let heads = try size("attention.head_count")
    guard width % heads == 0 else {
      throw try metadata["gpt2.attention.head_count"].refusal(
        "\(heads) heads for an embedding of \(width)", expected: "a divisor of \(width)")
    }
    let layers = try size("block_count", most: 10_000)
    return DecoderShape(
      layers: layers, width: width, heads: heads, keyHeads: heads, headWidth: width / heads,
      mlpWidth: try size("feed_forward_length"),
      vocabulary: try vocabulary(checkpoint, metadata), positionCount: try size("context_length"),
      norm: .layer, epsilon: try epsilon(metadata["gpt2.attention.layer_norm_epsilon"]),
      mlp: .plain(.geluTanh), positions: .learned,
      attentionScales: Array(repeating: 1 / Float(width / heads).squareRoot(), count: layers),
      attentionBias: true, attentionOutputBias: true, mlpBias: true,
      tiedEmbedding: checkpoint.tensors["output.weight"] == nil)
  }

  public static func published(_ weight: DecoderWeight, prefix: String) -> PublishedWeight {
    switch weight {
    case .tokenEmbedding: PublishedWeight("\(prefix)wte.weight")
    case .positionEmbedding: PublishedWeight("\(prefix)wpe.weight")
    case .finalNorm: PublishedWeight("\(prefix)ln_f.weight")
    case .finalNormBias: PublishedWeight("\(prefix)ln_f.bias")
    case .head: PublishedWeight("lm_head.weight")
    case .layer(let layer, let weight): published(weight, "\(prefix)h.\(layer).")
    }
  }

  private static func published(
    _ weight: DecoderWeight.LayerWeight, _ block: String
  ) -> PublishedWeight {
    func matrix(_ name: String, part: Int = 0, of parts: Int = 1) -> PublishedWeight {
      PublishedWeight("\(block)\(name)", order: .inputsByOutputs, part: (part, parts))
    }
    return switch weight {
    case .attentionNorm: PublishedWeight("\(block)ln_1.weight")
    case .attentionNormBias: PublishedWeight("\(block)ln_1.bias")
    case .query: matrix("attn.c_attn.weight", part: 0, of: 3)
    case .queryBias: matrix("attn.c_attn.bias", part: 0, of: 3)
    case .key: matrix("attn.c_attn.weight", part: 1, of: 3)
    case .keyBias: matrix("attn.c_attn.bias", part: 1, of: 3)
    case .value: matrix("attn.c_attn.weight", part: 2, of: 3)
    case .valueBias: matrix("attn.c_attn.bias", part: 2, of: 3)
    case .attentionOutput: matrix("attn.c_proj.weight")
    case .attentionOutputBias: PublishedWeight("\(block)attn.c_proj.bias")
    case .mlpNorm: PublishedWeight("\(block)ln_2.weight")
    case .mlpNormBias: PublishedWeight("\(block)ln_2.bias")
    case .gate, .up: matrix("mlp.c_fc.weight")
    case .gateBias, .upBias: PublishedWeight("\(block)mlp.c_fc.bias")
    case .down: matrix("mlp.c_proj.weight")
    case .downBias: PublishedWeight("\(block)mlp.c_proj.bias")
    }
  }

  public static func publishedInGGUF(
    _ weight: DecoderWeight, _ shape: DecoderShape
  ) -> PublishedWeight {
    switch weight {
    case .tokenEmbedding: PublishedWeight("token_embd.weight")
    case .positionEmbedding: PublishedWeight("position_embd.weight")
    case .finalNorm: PublishedWeight("output_norm.weight")
    case .finalNormBias: PublishedWeight("output_norm.bias")
    case .head: PublishedWeight("output.weight")
    case .layer(let layer, let weight): publishedInGGUF(weight, "blk.\(layer).")
    }
  }

  private static func publishedInGGUF(
    _ weight: DecoderWeight.LayerWeight, _ block: String
  ) -> PublishedWeight {
    switch weight {
    case .attentionNorm: PublishedWeight("\(block)attn_norm.weight")
    case .attentionNormBias: PublishedWeight("\(block)attn_norm.bias")
    case .query: PublishedWeight("\(block)attn_qkv.weight", part: (0, 3))
    case .queryBias: PublishedWeight("\(block)attn_qkv.bias", part: (0, 3))
    case .key: PublishedWeight("\(block)attn_qkv.weight", part: (1, 3))
    case .keyBias: PublishedWeight("\(block)attn_qkv.bias", part: (1, 3))
    case .value: PublishedWeight("\(block)attn_qkv.weight", part: (2, 3))
    case .valueBias: PublishedWeight("\(block)attn_qkv.bias", part: (2, 3))
    case .attentionOutput: PublishedWeight("\(block)attn_output.weight")
    case .attentionOutputBias: PublishedWeight("\(block)attn_output.bias")
    case .mlpNorm: PublishedWeight("\(block)ffn_norm.weight")
    case .mlpNormBias: PublishedWeight("\(block)ffn_norm.bias")
    case .gate, .up: PublishedWeight("\(block)ffn_up.weight")
    case .gateBias, .upBias: PublishedWeight("\(block)ffn_up.bias")
    case .down: PublishedWeight("\(block)ffn_down.weight")
    case .downBias: PublishedWeight("\(block)ffn_down.bias")
    }
  }

  public static func isBuffer(_ name: String) -> Bool {
    name.hasSuffix(".attn.bias") || name.hasSuffix(".attn.masked_bias") || name == "lm_head.weight"
  }
}
