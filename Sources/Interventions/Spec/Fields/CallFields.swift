internal import Inputs
internal import JobFiles

/// What interventions are applied to and where: of a specification, or of one batch of its training.
struct CallFields: Sendable {
  /// Where it stands, for refusals.
  let place: JobPlace
  let base: InputFields?
  let sources: SourceFields?
  let locations: JSONField?
  let subspaces: JSONField?
  let given: JSONField?

  /// - Parameter runs: Whether inputs are read here, and not in the batches of a training.
  init(_ f: inout Fields, runs: Fields.When = .always) throws(Refusal) {
    place = f.place
    let says = "What is run with the interventions."
    base =
      runs.text.isEmpty
      ? try f.required("base", .table(InputFields.init), says)
      : try f.optional(
        "base", .table(InputFields.init), needed: Fields.When(runs.holds, "there"), only: runs, says
      )
    sources = try f.optional(
      "sources", .sources, usually: "none", only: runs,
      "What is run for its activations, which interventions read.")
    locations = try f.optional(
      "unit_locations",
      .json("\"sources->base\" or base, in serial mode source_0->source_1 and so on to ->base"),
      usually: "everywhere",
      "The places where each intervention reads and acts: one number everywhere, [in the source, in "
        + "the base], or [[source], [base]] by intervention, example and unit, for h.pos "
        + "[[heads], [positions]] by example. A place is a number, from the end below 0, \"last\", "
        + "\"last_but_one\", \"all\", a range such as \"0:3\" or \"0:12:2\", or of pixels "
        + "{y, x, height, width}; null (\"none\" in TOML) is everywhere.")
    subspaces = try f.optional(
      "subspaces",
      .json(
        "a number, a range such as \"0:4\", a list, or by intervention lists by example or null"),
      usually: "all",
      "Parts of subspace_partition, or without one coordinates, that are changed, from the end below 0, "
        + "\"all\" or ranges such as \"0:4\" for several; of a formula "
        + "numbers by name that its constants take, {strength = 2.5}.")
    given = try f.optional(
      "source_representations",
      .json("a tensor, a list of tensors and null, or tensors by an intervention's key"),
      usually: "what sources give",
      "What takes the place of a source's activation: [width], or as it is collected.")
  }

  /// All inputs that are named.
  var inputs: [InputFields] { (base.map { [$0] } ?? []) + (sources?.each ?? []) }
}

/// One batch of a training.
struct BatchFields: Sendable {
  let call: CallFields
  /// The batch's own; nil: the specification's.
  let ownObjective: ObjectiveFields?
  let objective: ObjectiveFields
  let labels: JSONField?

  /// - Parameter shared: The specification's objective.
  init(_ f: inout Fields, _ shared: ObjectiveFields) throws(Refusal) {
    call = try CallFields(&f)
    ownObjective = try f.optional(
      "objective", .objective, usually: "the specification's", "What is made smaller on this batch."
    )
    objective = ownObjective ?? shared
    labels = try f.labels(of: objective)
  }
}

extension Fields {
  /// `labels`, of which an objective reads some or none.
  ///
  /// - Parameter when: Where they are read at all.
  mutating func labels(
    of objective: ObjectiveFields, only when: When = .always
  ) throws(Refusal) -> JSONField? {
    let isRead = isManual || objective.readsLabels
    return try optional(
      "labels", .labels,
      needed: When(when.holds && isRead, "where the objective reads them"),
      only: isRead ? when : When(false, "a loss that reads them", of: "the objective"),
      "The class or next token that is right: one for each example, or where several positions are "
        + "read a list for each; with generate one for the last step, or for each step.")
  }
}

extension FieldType where Value == JSONField {
  /// What is right, as numbers.
  static var labels: FieldType {
    json("a list of numbers or texts of one token, or of lists of these, or the name of integers")
  }
}
