internal import Inputs
internal import Tensors

extension Family {
  /// Qwen 2 and 2.5: Llama with biases of queries, keys and values.
  ///
  /// Yang et al., 2024, <https://arxiv.org/abs/2407.10671>.
  static let qwen2 = Family("qwen2", names: .llama, gguf: InGGUF("qwen2")) {
    config throws(Refusal) in
    var shape = try config.llamaShape(
      ConfigReader.LlamaDefaults(
        mlpWidth: 22_016, keyHeads: 32, vocabulary: 151_936, positions: 32_768, biases: .input))
    try config.window(&shape)
    return shape
  }

  /// Qwen 3: norms of queries and keys.
  ///
  /// Yang et al., 2025, <https://arxiv.org/abs/2505.09388>.
  static let qwen3 = Family("qwen3", names: .llama, gguf: InGGUF("qwen3")) {
    config throws(Refusal) in
    var shape = try config.llamaShape(
      ConfigReader.LlamaDefaults(
        mlpWidth: 22_016, keyHeads: 32, headWidth: 128, vocabulary: 151_936, positions: 32_768))
    try config.window(&shape)
    for layer in shape.blocks.indices {
      shape.blocks[layer].attention.norms = .head(shape.blocks[layer].norm)
    }
    return shape
  }

  /// Qwen 3 with experts in some layers or all.
  static let qwen3MoE = Family(
    "qwen3_moe", names: .qwen3MoE,
    gguf: InGGUF("qwen3moe", names: ModuleNames.ggufExperts)
  ) { config throws(Refusal) in
    var shape = try config.llamaShape(
      ConfigReader.LlamaDefaults(
        width: 2048, mlpWidth: 6144, layers: 24, keyHeads: 4, vocabulary: 151_936,
        positions: 32_768))
    try config.window(&shape, byLayer: false)
    let older = try config.optional("num_local_experts")?.int(in: 1...1 << 16)
    let count = try config.int("num_experts", default: older ?? 128, in: 1...1 << 16)
    let experts = FeedForwardShape.Experts(
      count: count, used: try config.int("num_experts_per_tok", default: 8, in: 1...count),
      isNormalised: try config.bool("norm_topk_prob", default: config.gguf != nil))
    let width = try config.int("moe_intermediate_size", default: 768)
    let step = try config.int("decoder_sparse_step", default: 1)
    var dense: Set<Int> = []
    if case .json(let list) = try config.optional("mlp_only_layers") {
      for item in try list.items() { dense.insert(try item.int(in: 0...shape.layers - 1)) }
    }
    for layer in shape.blocks.indices {
      shape.blocks[layer].attention.norms = .head(shape.blocks[layer].norm)
      guard (layer + 1) % step == 0, !dense.contains(layer) else { continue }
      shape.blocks[layer].mlp.width = width
      shape.blocks[layer].mlp.experts = experts
    }
    return shape
  }
}

extension ConfigReader {
  /// Windows where `use_sliding_window` asks for them: of the layers that `layer_types` names, or of
  /// those from `max_window_layers` on.
  ///
  /// - Parameter byLayer: Whether layers differ; all have windows otherwise, whatever
  ///   `max_window_layers` says.
  fileprivate mutating func window(
    _ shape: inout DecoderShape, byLayer: Bool = true
  ) throws(Refusal) {
    let isUsed = try bool("use_sliding_window", default: false)
    let isNull = try isNull("sliding_window")
    let size = try window() ?? (isNull ? nil : 4096)
    let first = try int("max_window_layers", default: 28, in: 0...1 << 20)
    let named = byLayer ? try windowed(shape.layers) : nil
    guard isUsed, gguf == nil, let size else { return }
    for layer in shape.blocks.indices where named?[layer] ?? (!byLayer || layer >= first) {
      shape.blocks[layer].attention.window = size
    }
  }
}

extension ModuleNames {
  fileprivate static let qwen3MoE: ModuleNames = {
    var names = llama.with([
      .router: "mlp.gate", .gate: "mlp.experts.{expert}.gate_proj",
      .up: "mlp.experts.{expert}.up_proj", .down: "mlp.experts.{expert}.down_proj",
    ])
    names.dense = llama.block
    return names
  }()
}
