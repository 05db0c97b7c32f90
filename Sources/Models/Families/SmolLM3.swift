internal import Inputs
internal import Tensors

extension Family {
  /// SmolLM3: Llama whose every fourth layer has no positions.
  ///
  /// Bakouch et al., 2025, <https://huggingface.co/blog/smollm3>.
  static let smolLM3 = Family(
    "smollm3", names: .llama, gguf: InGGUF("smollm3")
  ) { config throws(Refusal) in
    var shape = try config.llamaShape(
      ConfigReader.LlamaDefaults(
        width: 2048, layers: 36, heads: 16, keyHeads: 4, vocabulary: 128_256, positions: 32_768,
        theta: 2e6, isTied: true))
    let step = try config.int("no_rope_layer_interval", default: 4)
    var turns = (0..<shape.layers).map { ($0 + 1) % step != 0 }
    if case .json(let list) = try config.optional("no_rope_layers") {
      // The field says which layers do turn.
      let items = try list.items()
      guard items.count == shape.layers else {
        throw list.refusal("\(items.count) layers", expected: "\(shape.layers)")
      }
      turns = try items.map { item throws(Refusal) in try item.int(in: 0...1) == 1 }
    }
    let isWindowed = try config.bool("use_sliding_window", default: false)
    let window = try config.optional("sliding_window")?.int(in: 1...1 << 30)
    let named = try config.windowed(shape.layers)
    for layer in shape.blocks.indices {
      if !turns[layer] { shape.blocks[layer].attention.rotary = nil }
      if isWindowed, named?[layer] ?? !turns[layer] {
        shape.blocks[layer].attention.window = window
      }
    }
    return shape
  }
}
