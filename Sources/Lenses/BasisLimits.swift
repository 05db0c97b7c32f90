package import Inputs
package import Models

/// What a model, a site and texts allow of a basis.
package struct BasisLimits {
  let shape: DecoderShape
  let site: Site
  let lens: HiddenLens
  /// Tokens of each text.
  let lengths: [Int]

  package init(shape: DecoderShape, site: Site, lens: HiddenLens, lengths: [Int]) {
    (self.shape, self.site, self.lens, self.lengths) = (shape, site, lens, lengths)
  }

  /// Sites whose rows are vectors, one a token.
  package static let sites = Site.decoderSites.filter {
    $0 != .attentionWeight && !$0.isSplitIntoHeads
  }

  package func check(_ settings: CausalBasisSettings) throws(Refusal) {
    func refusal(_ field: String, _ found: String, _ expected: String) -> Refusal {
      Refusal(.job, field: field, found: found, expected: expected)
    }
    guard Self.sites.contains(site) else {
      throw refusal(
        "basis.site", site.rawValue,
        "one of \(Self.sites.map(\.rawValue).joined(separator: ", "))")
    }
    guard lens.isModel || site == .blockInput else {
      throw refusal(
        "basis.site", "\(site.rawValue), which no lens reads",
        "block_input, or the lens \"model\"")
    }
    if case .tuned(let tuned) = lens {
      guard tuned.width == shape.width, tuned.translators.count == shape.layers else {
        throw refusal(
          "basis.tuned_lens",
          "\(tuned.translators.count) translators of width \(tuned.width)",
          "\(shape.layers) of width \(shape.width), as the model has")
      }
    }
    let width = shape.width(of: site)
    guard settings.directions <= width else {
      throw refusal(
        "basis.directions", "\(settings.directions) directions",
        "at most \(width), the width of \(site.rawValue)")
    }
    if let empty = lengths.firstIndex(of: 0) {
      throw refusal("text \(empty)", "no tokens", "at least one")
    }
    let rows = lengths.reduce(0) { $0 + max(0, $1 - settings.skippedPositions) }
    let least = settings.mode == .zero ? 1 : 2
    guard rows >= least else {
      throw refusal(
        "data",
        "\(rows) tokens after the \(settings.skippedPositions) that are skipped of each text",
        "at least \(least), as basis.mode = \"\(settings.mode.rawValue)\" needs")
    }
  }
}
