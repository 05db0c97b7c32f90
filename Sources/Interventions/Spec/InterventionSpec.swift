internal import Inputs
internal import Tensors

/// A specification of one intervened run, read strictly from its JSON.
///
/// Only what needs no model is decided here; places, subspaces and inputs are read against the model
/// by `SpecSetup` and `SpecCall`.
struct InterventionSpec: Sendable {
  enum Kind: String, Sendable, CaseIterable {
    case forward, generate, gradient, train
    /// A forward pass with interventions from a folder that the reference wrote.
    case saveLoad = "save_load"
    /// A forward pass of a recurrent model.
    case gruTime = "gru_time"
    /// A forward pass with changes of attention probabilities.
    case attentionWeight = "attention_weight"
  }

  enum Target: String, Sendable, CaseIterable {
    case interventions, model
  }

  let document: JSONField
  let kind: Kind
  /// A folder, or a name under the folder of models.
  let model: String
  let representations: [RepresentationSpec]
  let mode: InterventionSetup<Float>.Mode
  /// What gradients are with respect to.
  let target: Target?
  /// The names of outputs that are wanted; nil: whatever the kind gives.
  let expected: [String]?

  private static let known = [
    "kind", "model", "representations", "intervention_types", "mode", "use_fast", "base",
    "sources", "special_tokens", "unit_locations", "source_representations", "subspaces",
    "expected", "wrt", "labels", "train", "generate", "saved_directory", "include_model",
    "sorted_keys", "dumps",
    // Notes for people, and what a test compares with.
    "name", "category", "reference", "versions", "note", "tolerance", "measured", "tensors",
  ]

  init(_ document: JSONField) throws(Refusal) {
    self.document = document
    try document.refuseUnknownKeys(known: Self.known)
    kind = try document.optional("kind")?.choice() ?? .forward
    model = try document["model"].string()
    mode = try document.optional("mode")?.choice() ?? .parallel
    // Whether places are shared is found out; the flag of the reference changes nothing.
    _ = try document.optional("use_fast")?.bool()
    target = try document.optional("wrt")?.choice()
    if kind == .gradient, target == nil {
      throw document.refusal("no wrt", expected: "wrt: interventions or model")
    }
    var expected: [String]?
    if let field = try document.optional("expected") {
      if case .array = field.value {
        expected = []
        for item in try field.items() { expected?.append(try item.string()) }
      } else {
        expected = try field.object().keys
      }
    }
    self.expected = expected
    representations = try Self.representations(document)
  }

  /// The descriptions; one alone may stand without a list.
  private static func representations(
    _ document: JSONField
  ) throws(Refusal) -> [RepresentationSpec] {
    let isSaved = try document.optional("saved_directory") != nil
    if isSaved, try document.optional("representations") == nil { return [] }
    let field = try document["representations"]
    var items = [field]
    if case .array = field.value { items = try field.items() }
    var types = [InterventionType?](repeating: nil, count: items.count)
    if let given = try document.optional("intervention_types") {
      if case .array = given.value {
        let list = try given.items()
        guard list.count == items.count else {
          throw given.refusal("\(list.count) types", expected: "\(items.count), or one for all")
        }
        for (index, item) in list.enumerated() { types[index] = try item.choice() }
      } else {
        let type: InterventionType = try given.choice()
        types = types.map { _ in type }
      }
    } else {
      var isTyped = false
      for item in items where try Self.isTyped(item) { isTyped = true }
      if !isTyped { types = types.map { _ in .vanilla } }
    }
    var result: [RepresentationSpec] = []
    for (item, type) in zip(items, types) {
      result.append(try RepresentationSpec(item, usual: type))
    }
    return try sorted(RepresentationSpec.keyed(result), document)
  }

  /// The representations in the order of `sorted_keys`, by which places, subspaces and collections
  /// then go.
  private static func sorted(
    _ specs: [RepresentationSpec], _ document: JSONField
  ) throws(Refusal) -> [RepresentationSpec] {
    guard let field = try document.optional("sorted_keys") else { return specs }
    var keys: [String] = []
    for item in try field.items() { keys.append(try item.string()) }
    let known = specs.map(\.key)
    guard keys.sorted() == known.sorted() else {
      throw field.refusal(
        "\(keys.map(quoted).joined(separator: ", "))",
        expected: "each of \(known.joined(separator: ", ")) once")
    }
    return keys.compactMap { key in specs.first { $0.key == key } }
  }

  private static func isTyped(_ item: JSONField) throws(Refusal) -> Bool {
    try RepresentationSpec.named(item).optional("intervention_type") != nil
  }
}
