internal import Inputs

/// One intervention as a specification describes it: what, where, and with which numbers.
struct RepresentationSpec: Sendable {
  /// The coordinates that are exchanged where no subspaces are named.
  enum Interchange: Sendable, Equatable {
    case first(Int)
    case indices([Int])
  }

  /// The description itself, for refusals.
  let field: JSONField
  let layer: Int
  /// The name of a site, or a module path that ends in `.input` or `.output`.
  let component: String
  let unit: UnitAxis
  let maxUnits: Int
  let type: InterventionType
  private(set) var rank: Int?
  private(set) var latents: Int?
  private(set) var interchange: Interchange?
  var keepsLastDimension: Bool
  let embedDimension: Int?
  /// Coordinates by number of the part.
  private(set) var partition: [[Int]]?
  let group: Int?
  let link: String?
  /// The name of a tensor that is the source of every run.
  private(set) var constantSource: String?
  private(set) var arguments: JSONField?
  /// The reference's key, `layer_L_comp_C_unit_U_nunit_N#K`; K counts equal texts as declared.
  private(set) var key = ""
  /// The names of tensors by the names of parameters.
  let parameters: [(name: String, tensor: String)]

  private static let fields = [
    "layer", "component", "unit", "max_number_of_units", "low_rank_dimension",
    "intervention_type", "intervention", "subspace_partition", "group_key",
    "intervention_link_key", "moe_key", "source_representation", "hidden_source_representation",
    "latent_dim",
  ]
  private static let usualComponent = "block_output"
  private static let furtherFields = [
    "interchange_dim", "keep_last_dim", "embed_dim", "args", "params",
  ]

  /// - Parameter usual: The type where the description names none.
  init(_ given: JSONField, usual: InterventionType?) throws(Refusal) {
    let field = try Self.named(given)
    self.field = field
    try field.refuseUnknownKeys(known: Self.fields + Self.furtherFields)
    if let object = try field.optional("intervention") {
      throw object.refusal(
        object.value.kindName, expected: "null: name the type in intervention_type")
    }
    if let expert = try field.optional("moe_key") {
      throw expert.refusal(
        expert.value.kindName, expected: "null: no model that can be opened has experts")
    }
    layer = try field.optional("layer")?.int() ?? 0
    component = try field.optional("component")?.string() ?? Self.usualComponent
    unit = try field.optional("unit")?.choice() ?? .position
    maxUnits = try field.optional("max_number_of_units")?.int(in: 1...1 << 20) ?? 1
    let named: InterventionType? = try field.optional("intervention_type")?.choice()
    guard let type = named ?? usual else {
      throw field.refusal(
        "no intervention_type", expected: "a type, since other representations have one")
    }
    self.type = type
    rank = try field.optional("low_rank_dimension")?.int(in: 1...1 << 24)
    latents = try field.optional("latent_dim")?.int(in: 1...1 << 24)
    interchange = try field.optional("interchange_dim").map(Self.interchange)
    keepsLastDimension = try field.optional("keep_last_dim")?.bool() ?? false
    embedDimension = try field.optional("embed_dim")?.int(in: 1...1 << 30)
    partition = try field.optional("subspace_partition").map(Self.partition)
    group = try field.optional("group_key")?.int(in: 0...1 << 20)
    link = try field.optional("intervention_link_key").map(Self.linkName)
    constantSource = try field.optional("source_representation")?.string()
    arguments = try field.optional("args")
    try arguments?.refuseUnknownKeys(known: type.arguments)
    var parameters: [(name: String, tensor: String)] = []
    for (name, tensor) in try field.optional("params")?.members() ?? [] {
      parameters.append((name, try tensor.string()))
    }
    self.parameters = parameters
  }

  /// The fields by name; the reference also takes them as a list in a fixed order, of which the last
  /// may be left out.
  static func named(_ given: JSONField) throws(Refusal) -> JSONField {
    guard case .array(let items) = given.value else { return given }
    guard items.count <= fields.count else {
      throw given.refusal(
        "a list of \(items.count)",
        expected: "an object, or a list of at most \(fields.count) fields")
    }
    var object = JSONObject()
    for (name, value) in zip(fields, items) { _ = object.insert(value, forKey: name) }
    return JSONField(.object(object), file: given.file, path: given.path, kind: given.kind)
  }

  private static func interchange(_ field: JSONField) throws(Refusal) -> Interchange {
    if case .array = field.value { return .indices(try field.integers()) }
    return .first(try field.int(in: 1...1 << 30))
  }

  /// Two integers are a range, anything else a list.
  private static func partition(_ field: JSONField) throws(Refusal) -> [[Int]] {
    var parts: [[Int]] = []
    for item in try field.items() {
      let part = try item.integers()
      guard part.count == 2 else {
        parts.append(part)
        continue
      }
      guard part[0] <= part[1], part[1] <= 1 << 24 else {
        throw item.refusal("the range \(part[0]) to \(part[1])", expected: "an ascending range")
      }
      parts.append(Array(part[0]..<part[1]))
    }
    return parts
  }

  /// A number or a text; a number is not the text of its digits.
  private static func linkName(_ field: JSONField) throws(Refusal) -> String {
    if case .number = field.value { return "\(try field.int())" }
    return quoted(try field.string())
  }

  /// The representations with their keys, as they are declared.
  static func keyed(_ specs: [RepresentationSpec]) -> [RepresentationSpec] {
    var counts: [String: Int] = [:]
    return specs.map { spec in
      var spec = spec
      spec.key = "\(spec.keyStem)#\(counts[spec.keyStem, default: 0])"
      counts[spec.keyStem, default: 0] += 1
      return spec
    }
  }

  /// Takes what belongs to the intervention, not to its place, from the first of a link.
  mutating func share(_ first: RepresentationSpec) {
    (rank, latents, interchange) = (first.rank, first.latents, first.interchange)
    (partition, constantSource) = (first.partition, first.constantSource)
    (arguments, keepsLastDimension) = (first.arguments, first.keepsLastDimension)
  }

  /// The reference's key without its counter.
  private var keyStem: String {
    func plain(_ text: String) -> String { text.replacing(".", with: "_") }
    let rest = "comp_\(plain(component))_unit_\(plain(unit.rawValue))_nunit_\(maxUnits)"
    return component.contains(".") ? rest : "layer_\(layer)_\(rest)"
  }
}
