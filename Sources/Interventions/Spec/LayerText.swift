/// Text in which a layer's number can be left open: `"transformer.h[{layer}].mlp.output"`.
enum LayerText {
  static let mark = "{layer}"

  static func filled(_ text: String, _ layer: Int) -> String {
    text.replacing(mark, with: "\(layer)")
  }
}
