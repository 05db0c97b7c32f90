internal import Inputs
internal import Tensors

extension Family {
  /// Mistral: Llama with a window.
  ///
  /// Jiang et al., 2023, <https://arxiv.org/abs/2310.06825>.
  static let mistral = Family("mistral", names: .llama) { config throws(Refusal) in
    var shape = try config.llamaShape(
      ConfigReader.LlamaDefaults(mlpWidth: 14_336, keyHeads: 8, positions: 131_072))
    try config.mistralWindow(&shape, default: 4096)
    return shape
  }

  /// Mixtral: Mistral with experts.
  ///
  /// Jiang et al., 2024, <https://arxiv.org/abs/2401.04088>.
  static let mixtral = Family("mixtral", names: .mixtral) { config throws(Refusal) in
    var shape = try config.llamaShape(
      ConfigReader.LlamaDefaults(
        mlpWidth: 14_336, keyHeads: 8, positions: 131_072, epsilon: 1e-5, theta: 1e6))
    try config.mistralWindow(&shape, default: nil)
    let count = try config.int("num_local_experts", default: 8, in: 1...1 << 16)
    let experts = FeedForwardShape.Experts(
      count: count, used: try config.int("num_experts_per_tok", default: 2, in: 1...count),
      isNormalised: true)
    for layer in shape.blocks.indices { shape.blocks[layer].mlp.experts = experts }
    return shape
  }
}

extension ConfigReader {
  /// - Parameter usual: What holds where the field is absent; one that is null has no window.
  fileprivate mutating func mistralWindow(
    _ shape: inout DecoderShape, default usual: Int?
  ) throws(Refusal) {
    let isNull = try isNull("sliding_window")
    guard let window = try window() ?? (isNull ? nil : usual) else { return }
    for layer in shape.blocks.indices { shape.blocks[layer].attention.window = window }
  }
}

extension ModuleNames {
  fileprivate static let mixtral: ModuleNames = {
    var names = llama.with([
      .router: "block_sparse_moe.gate", .gate: "block_sparse_moe.experts.{expert}.w1",
      .up: "block_sparse_moe.experts.{expert}.w3", .down: "block_sparse_moe.experts.{expert}.w2",
    ])
    names.modules.mlp = ["mlp", "block_sparse_moe"]
    return names
  }()
}
