package import Inputs
package import Models

/// `[basis]`: what a causal basis is of, and how it is looked for.
package struct BasisSection: Sendable {
  /// What turns activations into logits.
  package enum LensName: String, CaseIterable, Sendable {
    case model
    case logit
    case tuned
  }

  package let site: Site
  package let layers: LayerSelection
  package let lens: LensName
  /// A folder of a tuned lens, with `config.json` and `params.pt`.
  package let tunedLens: JobPath?
  package let settings: CausalBasisSettings
  let place: JobPlace
  /// Where fields stand, by `basis.NAME`, for what is refused once the model is known.
  private let places: [String: JobPlace]

  private static let known = [
    "site", "layers", "lens", "tuned_lens", "mode", "directions", "minimum_energy", "restarts",
    "seed", "microbatch", "skip_positions", "iterations", "gradient_tolerance", "change_tolerance",
    "candidates",
  ]

  /// A refusal by the name of one of these fields, with its line.
  func located(_ refusal: Refusal) -> Refusal {
    places[refusal.field].map { $0.refusal(refusal.found, expected: refusal.expected) } ?? refusal
  }

  package init(_ field: JobField, folder: String) throws(Refusal) {
    place = field.place
    let section = try field.table(known: Self.known)
    places = Dictionary(
      uniqueKeysWithValues: Self.known.map { (section.place(of: $0).path, section.place(of: $0)) })
    func int(_ key: String, _ range: ClosedRange<Int>) throws(Refusal) -> Int? {
      try section.optional(key).map { (field) throws(Refusal) in try field.int(in: range) }
    }
    func number(_ key: String) throws(Refusal) -> Double? {
      try section.optional(key).map { (field) throws(Refusal) in
        try field.double("a finite number, 0 or more") { $0 >= 0 }
      }
    }
    site =
      try section.optional("site").map { (field) throws(Refusal) in
        let site: Site = try field.choice()
        guard BasisLimits.sites.contains(site) else {
          throw field.refusal(
            expected: "one of \(BasisLimits.sites.map(\.rawValue).joined(separator: ", "))")
        }
        return site
      } ?? .blockInput
    layers =
      try section.optional("layers").map { (field) throws(Refusal) in try LayerSelection(field) }
      ?? .every(at: section.place(of: "layers"))
    let lensField = section.optional("lens")
    lens = try lensField.map { (field) throws(Refusal) in try field.choice() } ?? .model
    tunedLens = try section.optional("tuned_lens").map { (field) throws(Refusal) in
      try field.path(from: folder)
    }
    guard (lens == .tuned) == (tunedLens != nil) else {
      throw section.place(of: "tuned_lens").refusal(
        tunedLens == nil ? "no such field" : "a folder for the lens \"\(lens.rawValue)\"",
        expected: tunedLens == nil
          ? "the folder of a tuned lens, as basis.lens = \"tuned\" needs" : "the lens \"tuned\"")
    }
    guard lens == .model || site == .blockInput else {
      throw section.place(of: "site").refusal(
        "\(site.rawValue), which the lens \"\(lens.rawValue)\" does not read",
        expected: "block_input, or the lens \"model\"")
    }
    var settings = CausalBasisSettings()
    settings.mode =
      try section.optional("mode").map { (field) throws(Refusal) in try field.choice() } ?? .mean
    settings.directions = try int("directions", 1...1 << 20) ?? settings.directions
    settings.minimumEnergy = try number("minimum_energy") ?? 0
    settings.restarts = try int("restarts", 1...4096) ?? settings.restarts
    settings.seed = UInt64(try int("seed", 0...1 << 53) ?? 0)
    settings.microbatchRows = try int("microbatch", 1...1 << 20) ?? settings.microbatchRows
    settings.skippedPositions = try int("skip_positions", 0...1 << 20) ?? 0
    settings.search.iterations = try int("iterations", 1...100_000) ?? settings.search.iterations
    settings.search.candidates = try int("candidates", 1...255) ?? settings.search.candidates
    settings.search.gradientTolerance =
      try number("gradient_tolerance") ?? settings.search.gradientTolerance
    settings.search.changeTolerance =
      try number("change_tolerance") ?? settings.search.changeTolerance
    self.settings = settings
  }

  package var canonical: JobValue {
    .fields([
      "site": .text(site.rawValue), "layers": layers.canonical, "lens": .text(lens.rawValue),
      "tuned_lens": tunedLens.map { .text($0.written) }, "mode": .text(settings.mode.rawValue),
      "directions": .int(settings.directions), "minimum_energy": .real(settings.minimumEnergy),
      "restarts": .int(settings.restarts), "seed": .int(Int(settings.seed)),
      "microbatch": .int(settings.microbatchRows),
      "skip_positions": .int(settings.skippedPositions),
      "iterations": .int(settings.search.iterations),
      "candidates": .int(settings.search.candidates),
      "gradient_tolerance": .real(settings.search.gradientTolerance),
      "change_tolerance": .real(settings.search.changeTolerance),
    ])
  }
}
