package import Inputs

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
  package let layers: LayerSelection
  package let positions: PositionSelection

  package init(_ field: JobField) throws(Refusal) {
    let section = try field.table(known: ["name", "site", "window", "layers", "positions"])
    let names = TraceSite.allCases.map(\.rawValue).joined(separator: ", ")
    site = try section.required("site", expected: "one of \(names)").choice()
    name =
      try section.optional("name").map { (field) throws(Refusal) in try field.name() }
      ?? site.rawValue
    window =
      try section.optional("window").map { (field) throws(Refusal) in
        try field.int(in: 1...100_000)
      } ?? Self.window(of: site)
    layers =
      try section.optional("layers").map { (field) throws(Refusal) in try LayerSelection(field) }
      ?? .every(at: field.place.member("layers"))
    positions =
      try section.optional("positions").map { (field) throws(Refusal) in
        try PositionSelection(field)
      } ?? .every(at: field.place.member("positions"))
  }

  /// The windows of the published figures: one layer of the stream, ten of what writes into it.
  private static func window(of site: TraceSite) -> Int { site == .blockOutput ? 1 : 10 }

  private init(site: TraceSite, at place: JobPlace) {
    (name, self.site, window) = (site.rawValue, site, Self.window(of: site))
    layers = .every(at: place.member("layers"))
    positions = .every(at: place.member("positions"))
  }

  /// The layers restored for the cell at `layer`: `window` of them, fewer at the ends.
  ///
  ///     max(0, layer − ⌊window / 2⌋) ..< min(layerCount, layer + ⌈window / 2⌉)
  package func restored(around layer: Int, layerCount: Int) -> Range<Int> {
    precondition((0..<layerCount).contains(layer), "restored: layer \(layer) of \(layerCount)")
    return max(0, layer - window / 2)..<min(layerCount, layer + (window + 1) / 2)
  }

  /// The restorations of a job: those it lists, or the three of Meng et al., 2022.
  package static func list(_ field: JobField?, in job: JobPlace) throws(Refusal) -> [Restoration] {
    guard let field else {
      return [.blockOutput, .mlpOutput, .attentionOutput].enumerated().map {
        Restoration(site: $1, at: job.member("restore").item($0))
      }
    }
    var result: [Restoration] = []
    for item in try field.items() {
      let next = try Restoration(item)
      if let first = result.firstIndex(where: { $0.name == next.name }) {
        throw item.place.member("name").refusal(
          "\(quoted(next.name)), which restore[\(first)] is called too",
          expected: "a name of its own for each")
      }
      result.append(next)
    }
    guard !result.isEmpty else {
      throw field.place.refusal("an empty list, so no units", expected: "at least one [[restore]]")
    }
    return result
  }

  package var canonical: JobValue {
    .fields([
      "name": .text(name), "site": .text(site.rawValue), "window": .int(window),
      "layers": layers.canonical, "positions": positions.canonical,
    ])
  }
}

extension JobField {
  /// A name that can be a file's: letters, digits, `_`, `-`, `.`, not first a dot, at most 100.
  package func name() throws(Refusal) -> String {
    let text = try string()
    let isFit = text.utf8.allSatisfy { JobPlace.isBare($0) || $0 == 46 }
    guard isFit, !text.isEmpty, !text.hasPrefix("."), text.utf8.count <= 100 else {
      throw refusal(expected: "a name of letters, digits, _, - and ., at most 100 of them")
    }
    return text
  }
}
