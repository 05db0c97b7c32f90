internal import Foundation
internal import Inputs
package import JobFiles
internal import Tensors

/// A specification of one intervened run, read strictly from its JSON.
///
/// Only what needs no model is decided here; places, subspaces and inputs are read against the model
/// by `SpecSetup` and `SpecCall`.
struct InterventionSpec: Sendable {
  enum Target: String, Sendable, CaseIterable {
    case interventions, model
  }

  /// Where it stands, for refusals.
  let place: JobPlace
  let kind: SpecKind
  /// A folder, a file, or a name in the folder of models or the cache.
  let model: JobPath
  let addsSpecialTokens: Bool
  let representations: [RepresentationSpec]
  let mode: InterventionSetup<Float>.Mode
  /// Where they are if they are not described.
  let origin: Origin?
  let includesModel: Bool
  let call: CallFields
  /// What gradients are with respect to.
  let target: Target?
  let objective: ObjectiveFields
  let labels: JSONField?
  let train: TrainFields?
  let generate: GenerateFields?
  let dumps: JSONField?
  /// The names of outputs that are wanted, each with its place; nil: whatever the kind gives.
  let wanted: [JSONField]?

  init(_ document: JSONField) throws(Refusal) {
    let folder = URL(fileURLWithPath: document.file).deletingLastPathComponent()
    var fields = try Fields(document, folder: folder.standardizedFileURL.path)
    try self.init(&fields)
    _ = try fields.end()
  }

  /// Every field, named by what reads it.
  static func manual() throws(Refusal) -> Fields {
    var fields = Fields.manual
    _ = try InterventionSpec(&fields)
    return fields
  }

  init(_ f: inout Fields) throws(Refusal) {
    place = f.place
    let kind = try f.field("kind", .specKind, or: .forward, "What is run.")
    self.kind = kind
    func of(_ kinds: SpecKind...) -> Fields.When {
      Fields.When(
        kinds.contains(kind),
        "kind = " + kinds.map { quoted($0.rawValue) }.joined(separator: " or "),
        of: "kind = \(quoted(kind.rawValue))")
    }
    let runs = Fields.When(
      kind != .train, "a kind other than \"train\", whose batches have their own",
      of: "kind = \"train\"")
    model = try f.required(
      "model", .path("a model's folder or .gguf file, or a model's name"),
      "A folder as Hugging Face lays it out, a .gguf file, the name of a folder under --models, or "
        + "the name of a model in Hugging Face's cache.")
    (representations, mode, origin, includesModel) = try Self.interventions(&f)
    call = try CallFields(&f, runs: runs)
    target = try f.optional(
      "wrt", .choice(), needed: Fields.When(kind == .gradient, "there"), only: of(.gradient),
      "What gradients are with respect to.")
    let own = try f.optional(
      "objective", .objective, usually: "cross_entropy", only: of(.gradient, .train),
      "What gradients are of, or what training makes smaller: the mean over examples of a loss of each "
        + "one's logits, at the last position unless others are named, or a sum of several.")
    let objective = own ?? .usual(at: f.place)
    self.objective = objective
    labels = try f.labels(of: objective, only: of(.gradient))
    train = try f.optional(
      "train", .table { (f) throws(Refusal) in try TrainFields(&f, objective) },
      needed: Fields.When(kind == .train, "there"),
      only: of(.train), "How interventions, or the model under them, are trained.")
    if own != nil, let train, !f.isManual,
      (train.batches + train.evaluation).allSatisfy({ $0.ownObjective != nil })
    {
      throw f.place(of: "objective").refusal(
        "an objective that no batch reads", expected: "none, or a batch without its own")
    }
    generate = try f.optional(
      "generate",
      .table { (f) throws(Refusal) in
        try GenerateFields(&f, hasLoss: kind != .generate)
      }, needed: Fields.When(kind == .generate, "with kind = \"generate\""),
      only: of(.generate, .gradient, .train),
      "Tokens that follow the prompts; of a gradient or a training the loss is of these.")
    let readsText =
      (call.inputs
      + (train.map { $0.batches + $0.evaluation } ?? [])
      .flatMap(\.call.inputs)).contains { $0.prompts != nil }
    addsSpecialTokens = try f.field(
      "special_tokens", .flag, or: true, only: Fields.When(f.isManual || readsText, "prompts"),
      "Whether prompts get the tokens that the tokenizer puts around them.")
    dumps = try f.optional(
      "dumps", .json("a table of tables"), usually: "none",
      "Statistics of dumps as tensors, [dumps.NAME] with dump, site, layer, head, statistic (mean, "
        + "std, components), place and count.")
    let outputs = try f.optional(
      "outputs", .json("a list of names"), usually: "all that the kind gives",
      "The outputs that are wanted.")
    let expected = try Self.untold(&f)
    if let outputs { wanted = try outputs.items() } else { wanted = expected }
  }

  /// What test files hold: what they expect, by name, and notes.
  private static func untold(_ f: inout Fields) throws(Refusal) -> [JSONField]? {
    for key in ["name", "category", "reference", "versions", "note", "tolerance", "measured"] {
      _ = try f.untold(key, .ignored)
    }
    _ = try f.untold("tensors", .ignored)
    let expected = try f.untold("expected", .json("names"))
    guard let expected else { return nil }
    if case .array = expected.value { return try expected.items() }
    return try expected.object().keys.map { key in
      JSONField(.string(key), file: expected.file, path: expected.path, kind: expected.kind)
    }
  }
}

extension FieldType where Value == SpecKind {
  package static var specKind: FieldType {
    let told = FieldType.choice(of: SpecKind.told)
    return told.reading(told.words) { (field, _) throws(Refusal) in
      if case .string(let name) = field.value.content,
        let kind = SpecKind(rawValue: name)
      {
        return kind
      }
      return try field.choice(of: SpecKind.told)
    }
  }
}
