package import Inputs
package import JobFiles

/// A site whose clean value a causal trace can put back.
package enum TraceSite: String, CaseIterable, Sendable {
  case blockOutput = "block_output"
  case mlpOutput = "mlp_output"
  case mlpActivation = "mlp_activation"
  case attentionOutput = "attention_output"
}

/// One `[[restore]]`: what is put back to its clean value, and over which layers and positions.
package struct Restoration: Sendable {
  /// What its results are called; the site unless the job says.
  package let name: String
  package let site: TraceSite
  /// How many neighbouring layers are restored together.
  package let window: Int
  package let layers: Selection
  package let positions: Places

  package init(_ f: inout Fields) throws(Refusal) {
    site = try f.required(
      "site", .choice(),
      "block_output: the residual stream after the block; mlp_output and attention_output: what the "
        + "two write into it; mlp_activation: the MLP's hidden units behind their nonlinearity, and "
        + "where it is gated, before the product with the other branch.")
    name = try f.field(
      "name", .name, or: site.rawValue, usually: "the site", "What its results are called.")
    // The windows of the published figures: one layer of the stream, ten of what writes into it.
    window = try f.field(
      "window", .int(1...100_000), or: site == .blockOutput ? 1 : 10,
      usually: "1 for block_output, 10 for the others", unit: "layers",
      "How many neighbouring layers are restored together, around each.")
    layers = try f.field(
      "layers", .selection(of: .layer), orWritten: .text("all"), "The layers, each a cell.")
    positions = try f.field(
      "positions", .places, orWritten: .text("all"), "The tokens, each a cell.")
  }

  /// The layers restored for the cell at `layer`: `window` of them, fewer at the ends.
  ///
  ///     max(0, layer − ⌊window / 2⌋) ..< min(layerCount, layer + ⌈window / 2⌉)
  package func restored(around layer: Int, layerCount: Int) -> Range<Int> {
    precondition((0..<layerCount).contains(layer), "restored: layer \(layer) of \(layerCount)")
    return max(0, layer - window / 2)..<min(layerCount, layer + (window + 1) / 2)
  }

  /// The field of a job that lists them; the default are the three of Meng et al., 2022.
  static func list(_ f: inout Fields) throws(Refusal) -> [Restoration] {
    let usual: [TraceSite] = [.blockOutput, .mlpOutput, .attentionOutput]
    let list = try f.field(
      "restore",
      .tables("an empty list, so no units") { (f, _) throws(Refusal) in
        try Restoration(&f)
      }, orWritten: .items(usual.map { .fields(["site": .text($0.rawValue)]) }),
      usually: "block_output, mlp_output and attention_output",
      "What is put back to its clean value, cell by cell.")
    for (number, next) in list.enumerated() {
      guard let first = list.firstIndex(where: { $0.name == next.name }), first < number else {
        continue
      }
      throw f.place(of: "restore").item(number).member("name").refusal(
        "\(quoted(next.name)), which restore[\(first)] is called too",
        expected: "a name of its own for each")
    }
    return list
  }
}
