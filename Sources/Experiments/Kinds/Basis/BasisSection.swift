package import Inputs
package import JobFiles
package import Lenses
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
  package let layers: Selection
  package let lens: LensName
  /// A folder of a tuned lens, with `config.json` and `params.pt`.
  package let tunedLens: JobPath?
  package let settings: CausalBasisSettings
  let place: JobPlace
  /// Where fields stand, by `basis.NAME`, for what is refused once the model is known.
  private let places: [String: JobPlace]

  /// A refusal by the name of one of these fields, with its line.
  func located(_ refusal: Refusal) -> Refusal {
    places[refusal.field].map { $0.refusal(refusal.found, expected: refusal.expected) } ?? refusal
  }

  package init(_ f: inout Fields) throws(Refusal) {
    place = f.place
    site = try f.field(
      "site", .choice(of: BasisLimits.sites), or: .blockInput,
      "Of what; lenses other than the model read block_input alone.")
    layers = try f.field(
      "layers", .selection(of: .layer), orWritten: .text("all"), "The layers, each a basis.")
    lens = try f.field(
      "lens", .choice(), or: .model,
      "What turns activations into logits: the model's own layers above, its last norm and head "
        + "alone (logit), or a tuned lens.")
    tunedLens = try f.optional(
      "tuned_lens", .path("the folder of a tuned lens, as basis.lens = \"tuned\" needs"),
      needed: Fields.When(lens == .tuned, "with lens = \"tuned\""),
      only: Fields.When(lens == .tuned, "the lens \"tuned\"", of: quoted(lens.rawValue)),
      "A folder with config.json and params.pt, such as the one of a lens run.")
    guard lens == .model || site == .blockInput else {
      throw f.place(of: "site").refusal(
        "\(site.rawValue), which the lens \"\(lens.rawValue)\" does not read",
        expected: "block_input, or the lens \"model\"")
    }
    let tolerance = FieldType.number(from: 0)
    var settings = CausalBasisSettings()
    settings.mode = try f.field(
      "mode", .choice(), or: .mean,
      "What stands in for an activation's part along a direction: its mean, another activation's "
        + "(resample), or nothing (zero).")
    settings.directions = try f.field(
      "directions", .int(1...1 << 20), or: settings.directions,
      "Directions of each basis, the most influential first.")
    settings.minimumEnergy = try f.field(
      "minimum_energy", tolerance, or: 0, unit: "nats",
      "A direction whose ablation changes the output by less ends the basis.")
    settings.restarts = try f.field(
      "restarts", .int(1...4096), or: settings.restarts, "Searches for each direction.")
    settings.seed = UInt64(
      try f.field("seed", .seed, or: 0, "Of starts, and of the activations of resample."))
    settings.microbatchRows = try f.field(
      "microbatch", .int(1...1 << 20), or: settings.microbatchRows, unit: "tokens",
      FieldText.microbatch)
    settings.skippedPositions = try f.field(
      "skip_positions", .int(0...1 << 20), or: 0, unit: "tokens", FieldText.skipped)
    settings.search.iterations = try f.field(
      "iterations", .int(1...100_000), or: settings.search.iterations,
      "Steps of L-BFGS in one search, at most; each takes one evaluation or more.")
    settings.search.candidates = try f.field(
      "candidates", .int(1...255), or: settings.search.candidates,
      "Starts that are looked at before a search takes the best.")
    settings.search.gradientTolerance = try f.field(
      "gradient_tolerance", tolerance, or: settings.search.gradientTolerance, unit: "nats",
      "A gradient without a larger entry ends a search.")
    settings.search.changeTolerance = try f.field(
      "change_tolerance", tolerance, or: settings.search.changeTolerance,
      "A step without a larger change ends a search.")
    self.settings = settings
    places = f.places
  }
}
