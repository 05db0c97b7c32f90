internal import Inputs
internal import Tensors

extension Family {
  /// OLMo: norms without weights, queries, keys and values cut at a bound.
  ///
  /// Groeneveld et al., 2024, <https://arxiv.org/abs/2402.00838>.
  static let olmo = Family(
    "olmo", names: .llama,
    gguf: InGGUF("olmo", keys: ["clip_qkv": "attention.clamp_kqv"], isInterleaved: true)
  ) { config throws(Refusal) in
    let norm = NormShape(.layer, epsilon: 1e-5, hasGain: false)
    var shape = try config.llamaShape(
      ConfigReader.LlamaDefaults(vocabulary: 50_304), norm: norm)
    let clip = try config.optional("clip_qkv")?.positive()
    for layer in shape.blocks.indices { shape.blocks[layer].attention.clip = clip }
    return shape
  }

  /// OLMo 2: norms of what is added to the stream, and of queries and keys.
  ///
  /// OLMo Team, 2024, <https://arxiv.org/abs/2501.00656>.
  static let olmo2 = Family("olmo2", names: .olmo2, gguf: InGGUF("olmo2")) {
    config throws(Refusal) in
    var shape = try config.llamaShape(
      ConfigReader.LlamaDefaults(vocabulary: 50_304, epsilon: 1e-5))
    for layer in shape.blocks.indices {
      shape.blocks[layer].order = .outputNorm
      shape.blocks[layer].attention.norms = .whole(shape.blocks[layer].norm)
    }
    return shape
  }
}

extension ModuleNames {
  fileprivate static let olmo2 = llama.with([
    .attentionOutputNorm: "post_attention_layernorm",
    .mlpOutputNorm: "post_feedforward_layernorm",
  ])
}
