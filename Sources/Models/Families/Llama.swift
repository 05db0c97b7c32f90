public import Checkpoints
public import Inputs
internal import Tensors

/// Llama 2 and 3: pre-norm, rotary positions, grouped-query attention, gated MLP.
///
/// Touvron et al., 2023, <https://arxiv.org/abs/2307.09288>;
/// Grattafiori et al., 2024, <https://arxiv.org/abs/2407.21783>.
public enum Llama: Architecture {
  public static let modelType = "llama"
  public static let prefix = "model."

  private static let knownKeys: Set<String> = inertKeys.union([
    "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
    "num_key_value_heads", "head_dim", "hidden_act", "rms_norm_eps", "vocab_size",
    "max_position_embeddings", "attention_bias", "mlp_bias", "tie_word_embeddings", "rope_theta",
    "rope_scaling", "rope_parameters", "rope_interleaved", "attention_dropout", "pretraining_tp",
  ])

  public static func shape(_ config: JSONField) throws(Refusal) -> DecoderShape {
    try config.refuseUnknownKeys(known: knownKeys)
    let width = try positive(config, "hidden_size")
    let heads = try positive(config, "num_attention_heads")
    let layers = try positive(config, "num_hidden_layers", most: 10_000)
    let keyHeads = try config.optional("num_key_value_heads")?.int(in: 1...1 << 24) ?? heads
    guard heads % keyHeads == 0 else {
      throw try config["num_key_value_heads"].refusal(
        "num_key_value_heads \(keyHeads) for num_attention_heads \(heads)",
        expected: "a divisor of num_attention_heads")
    }
    let headWidth: Int
    if let field = try config.optional("head_dim") {
      headWidth = try field.int(in: 1...1 << 20)
    } else if width % heads == 0 {
      headWidth = width / heads
    } else {
      throw try config["hidden_size"].refusal(
        "hidden_size \(width), no multiple of num_attention_heads \(heads)",
        expected: "a multiple, or head_dim")
    }
    if let interleaved = try config.optional("rope_interleaved"), try interleaved.bool() {
      throw interleaved.refusal("true", expected: "false: rotary halves")
    }
    let bias = try config.optional("attention_bias")?.bool() ?? false
    return DecoderShape(
      layers: layers, width: width, heads: heads, keyHeads: keyHeads, headWidth: headWidth,
      mlpWidth: try positive(config, "intermediate_size"),
      vocabulary: try positive(config, "vocab_size"),
      positionCount: try positive(config, "max_position_embeddings"),
      norm: .rms, epsilon: try epsilon(config["rms_norm_eps"]),
      mlp: .gated(try activation(config["hidden_act"])),
      positions: .rotary(frequencies: try RotaryFrequencies.from(config, width: headWidth)),
      attentionScales: Array(repeating: 1 / Float(headWidth).squareRoot(), count: layers),
      attentionBias: bias, attentionOutputBias: bias,
      mlpBias: try config.optional("mlp_bias")?.bool() ?? false,
      tiedEmbedding: try config.optional("tie_word_embeddings")?.bool() ?? false)
  }

  public static func shape(
    _ checkpoint: Checkpoint, _ metadata: GGUFMetadata
  ) throws(Refusal) -> DecoderShape {
    func size(_ key: String, most: Int = 1 << 24) throws(Refusal) -> Int {
      try metadata["llama.\(key)"].int(in: 1...most)
    }
    let width = try size("embedding_length")
    let heads = try size("attention.head_count")
    guard width % heads == 0 else {
      throw try metadata["llama.attention.head_count"].refusal(
        "\(heads) heads for an embedding of \(width)", expected: "a divisor of \(width)")
    }
    let keyHeads =
      try metadata.optional("llama.attention.head_count_kv")?.int(in: 1...heads) ?? heads
    guard heads % keyHeads == 0 else {
      throw try metadata["llama.attention.head_count_kv"].refusal(
        "\(keyHeads) key heads for \(heads) heads", expected: "a divisor of \(heads)")
    }
    let headWidth =
      try metadata.optional("llama.attention.key_length")?.int(in: 1...1 << 20)
      ?? width / heads
    if let values = metadata.optional("llama.attention.value_length"),
      try values.int() != headWidth
    {
      throw values.refusal("\(try values.int())", expected: "\(headWidth), as for keys")
    }
    let layers = try size("block_count", most: 10_000)
    return DecoderShape(
      layers: layers, width: width, heads: heads, keyHeads: keyHeads, headWidth: headWidth,
      mlpWidth: try size("feed_forward_length"),
      vocabulary: try vocabulary(checkpoint, metadata), positionCount: try size("context_length"),
      norm: .rms, epsilon: try epsilon(metadata["llama.attention.layer_norm_rms_epsilon"]),
      mlp: .gated(.silu),
      positions: .rotary(
        frequencies: try RotaryFrequencies.from(checkpoint, metadata, width: headWidth)),
      attentionScales: Array(repeating: 1 / Float(headWidth).squareRoot(), count: layers),
      attentionBias: checkpoint.tensors["blk.0.attn_q.bias"] != nil,
      attentionOutputBias: checkpoint.tensors["blk.0.attn_output.bias"] != nil,
      mlpBias: checkpoint.tensors["blk.0.ffn_up.bias"] != nil,
      tiedEmbedding: checkpoint.tensors["output.weight"] == nil)
  }

  public static func published(_ weight: DecoderWeight, prefix: String) -> PublishedWeight {
    switch weight {
    case .tokenEmbedding, .positionEmbedding: PublishedWeight("\(prefix)embed_tokens.weight")
    case .finalNorm, .finalNormBias: PublishedWeight("\(prefix)norm.weight")
    case .head: PublishedWeight("lm_head.weight")
    case .layer(let layer, let weight):
      PublishedWeight("\(prefix)layers.\(layer).\(name(of: weight))")
    }
  }

  private static func name(of weight: DecoderWeight.LayerWeight) -> String {
    switch weight {
    case .attentionNorm, .attentionNormBias: "input_layernorm.weight"
    case .query: "self_attn.q_proj.weight"
    case .queryBias: "self_attn.q_proj.bias"
    case .key: "self_attn.k_proj.weight"
    case .keyBias: "self_attn.k_proj.bias"
    case .value: "self_attn.v_proj.weight"
    case .valueBias: "self_attn.v_proj.bias"
    case .attentionOutput: "self_attn.o_proj.weight"
    case .attentionOutputBias: "self_attn.o_proj.bias"
    case .mlpNorm, .mlpNormBias: "post_attention_layernorm.weight"
    case .gate: "mlp.gate_proj.weight"
    case .gateBias: "mlp.gate_proj.bias"
    case .up: "mlp.up_proj.weight"
    case .upBias: "mlp.up_proj.bias"
    case .down: "mlp.down_proj.weight"
    case .downBias: "mlp.down_proj.bias"
    }
  }

  public static func publishedInGGUF(
    _ weight: DecoderWeight, _ shape: DecoderShape
  ) -> PublishedWeight {
    switch weight {
    case .tokenEmbedding, .positionEmbedding: PublishedWeight("token_embd.weight")
    case .finalNorm, .finalNormBias: PublishedWeight("output_norm.weight")
    case .head: PublishedWeight("output.weight")
    case .layer(let layer, let weight):
      PublishedWeight(
        "blk.\(layer).\(nameInGGUF(weight))", interleavedHeads: interleaved(weight, shape))
    }
  }

  /// GGUF keeps queries and keys for rotary pairs of neighbours; here pairs are halves apart.
  private static func interleaved(
    _ weight: DecoderWeight.LayerWeight, _ shape: DecoderShape
  ) -> Int? {
    switch weight {
    case .query, .queryBias: shape.heads
    case .key, .keyBias: shape.keyHeads
    default: nil
    }
  }

  private static func nameInGGUF(_ weight: DecoderWeight.LayerWeight) -> String {
    switch weight {
    case .attentionNorm, .attentionNormBias: "attn_norm.weight"
    case .query: "attn_q.weight"
    case .queryBias: "attn_q.bias"
    case .key: "attn_k.weight"
    case .keyBias: "attn_k.bias"
    case .value: "attn_v.weight"
    case .valueBias: "attn_v.bias"
    case .attentionOutput: "attn_output.weight"
    case .attentionOutputBias: "attn_output.bias"
    case .mlpNorm, .mlpNormBias: "ffn_norm.weight"
    case .gate: "ffn_gate.weight"
    case .gateBias: "ffn_gate.bias"
    case .up: "ffn_up.weight"
    case .upBias: "ffn_up.bias"
    case .down: "ffn_down.weight"
    case .downBias: "ffn_down.bias"
    }
  }

  public static func isBuffer(_ name: String) -> Bool {
    name.hasSuffix("rotary_emb.inv_freq") || name == "rope_freqs.weight" || name == "lm_head.weight"
  }
}
