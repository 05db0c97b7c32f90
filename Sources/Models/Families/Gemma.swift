internal import Inputs
internal import Tensors

extension Family {
  /// Gemma: scaled embeddings, gains that are stored less by one.
  ///
  /// Gemma Team, 2024, <https://arxiv.org/abs/2403.08295>.
  static let gemma = Family("gemma", names: .llama, gguf: InGGUF("gemma")) {
    config throws(Refusal) in
    // Early files have another field, which transformers does not follow.
    config.ignore("hidden_activation")
    return try config.gemmaShape(
      ConfigReader.LlamaDefaults(
        width: 3072, mlpWidth: 24_576, layers: 28, heads: 16, keyHeads: 16, headWidth: 256,
        vocabulary: 256_000, positions: 8192, activation: .geluTanh, isTied: true))
  }

  /// Gemma 2: norms around each part, capped scores and logits, windows in every other layer.
  ///
  /// Gemma Team, 2024, <https://arxiv.org/abs/2408.00118>.
  static let gemma2 = Family("gemma2", names: .gemma2, gguf: InGGUF("gemma2")) {
    config throws(Refusal) in
    try config.gemma2Shape(vocabulary: 256_000, positions: 8192, caps: (50, 30)) { $0 % 2 == 0 }
  }

  /// Gemma 3, the text model: norms of queries and keys, five windows to each full layer, and rotary
  /// bases of their own for both.
  ///
  /// Gemma Team, 2025, <https://arxiv.org/abs/2503.19786>.
  static let gemma3 = Family("gemma3_text", names: .gemma2, gguf: InGGUF("gemma3")) {
    config throws(Refusal) in
    let pattern = try config.optional("sliding_window_pattern")?.int(in: 1...1 << 16)
    let older = try config.optional("_sliding_window_pattern")?.int(in: 1...1 << 16)
    let step = pattern ?? older ?? 6
    var shape = try config.gemma2Shape(
      vocabulary: 262_208, positions: 131_072, caps: (nil, nil)
    ) { ($0 + 1) % step != 0 }
    let local = try config.optional("rope_local_base_freq")?.double()
    let width = shape.headWidth
    let rotary = (
      full: try config.rotary(width: width, RotaryDefaults(theta: 1e6, context: 131_072)),
      local: config.gguf == nil && config.hasRotaryByKind
        ? try config.rotary(
          width: width, RotaryDefaults(context: 131_072), layers: "sliding_attention",
          base: "rope_local_base_freq")
        : RotaryShape(frequencies: RotaryScaling.plain(base: local ?? 10_000, width: width))
    )
    for layer in shape.blocks.indices {
      let isLocal = shape.blocks[layer].attention.window != nil
      shape.blocks[layer].attention.rotary = isLocal ? rotary.local : rotary.full
      shape.blocks[layer].attention.norms = .head(shape.blocks[layer].norm)
    }
    return shape
  }
}

extension ConfigReader {
  /// Whether `rope_parameters` has kinds of layers.
  fileprivate var hasRotaryByKind: Bool {
    (try? json?.optional("rope_parameters")?.optional("full_attention")) != nil
  }

  fileprivate mutating func gemmaShape(_ usual: LlamaDefaults) throws(Refusal) -> DecoderShape {
    try require(
      "use_bidirectional_attention", false, because: "queries see no later keys")
    var shape = try llamaShape(usual)
    // A GGUF file has the one added already.
    let addsOne = gguf == nil
    shape.finalNorm?.addsOne = addsOne
    for layer in shape.blocks.indices { shape.blocks[layer].norm.addsOne = addsOne }
    shape.front.scale = Float(shape.width).squareRoot()
    return shape
  }

  /// - Parameters:
  ///   - caps: Of scores and logits, where the configuration does not say.
  ///   - isLocal: Which layers have a window, where it does not say.
  fileprivate mutating func gemma2Shape(
    vocabulary: Int, positions: Int, caps: (Float?, Float?), isLocal: (Int) -> Bool
  ) throws(Refusal) -> DecoderShape {
    let activation = try activation("hidden_activation", default: .geluTanh)
    ignore("hidden_act", "cache_implementation")
    var shape = try gemmaShape(
      LlamaDefaults(
        width: 2304, mlpWidth: 9216, layers: 26, heads: 8, keyHeads: 4, headWidth: 256,
        vocabulary: vocabulary, positions: positions, activation: activation, isTied: true))
    let scalar = try optional("query_pre_attn_scalar")?.positive()
    let window = try int("sliding_window", default: 4096, in: 1...1 << 30)
    let named = try windowed(shape.layers)
    func cap(_ key: String, _ usual: Float?) throws(Refusal) -> Float? {
      let isThere = try json?.object()[key] != nil
      return try optional(key)?.positive() ?? (isThere ? nil : usual)
    }
    // Gemma 3's configurations may have the field, and its modules in transformers do not use it.
    if caps.0 == nil { ignore("attn_logit_softcapping") }
    let scores = caps.0 == nil ? nil : try cap("attn_logit_softcapping", caps.0)
    shape.head.softCap = try cap("final_logit_softcapping", caps.1)
    for layer in shape.blocks.indices {
      shape.blocks[layer].order = .sandwich
      shape.blocks[layer].mlp.form = .gated(activation)
      // What GGUF leaves out is the head's width, but for the largest of each, of 46 and 62 layers.
      let isLargest = shape.layers == 46 || shape.layers == 62
      let own = isLargest ? shape.width / shape.heads : shape.headWidth
      let usual = gguf == nil ? 256 : Float(own)
      shape.blocks[layer].attention.scale = 1 / (scalar ?? usual).squareRoot()
      shape.blocks[layer].attention.softCap = scores
      shape.blocks[layer].attention.window = named?[layer] ?? isLocal(layer) ? window : nil
    }
    return shape
  }
}

extension ModuleNames {
  fileprivate static let gemma2 = llama.with([
    .attentionOutputNorm: "post_attention_layernorm", .mlpNorm: "pre_feedforward_layernorm",
    .mlpOutputNorm: "post_feedforward_layernorm",
  ])
}
