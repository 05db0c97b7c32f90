internal import Inputs
internal import JobFiles

/// One intervention as a specification describes it: what, where, and with which numbers.
struct RepresentationSpec: Sendable {
  /// The coordinates that are exchanged where no subspaces are named.
  enum Interchange: Sendable, Equatable {
    case first(Int)
    case indices([Int])

    var words: String {
      switch self {
      case .first(let count): "\(count)"
      case .indices(let list): "\(list)"
      }
    }
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
  /// A tensor that is the source of every run.
  private(set) var constantSource: JSONField?
  private(set) var arguments: InterventionArguments?
  /// The reference's key, `layer_L_comp_C_unit_U_nunit_N#K`; K counts equal texts as declared.
  private(set) var key = ""
  /// The tensors that parameters start from.
  let parameters: [Parameter]

  /// A parameter's name, and the field that names its tensor.
  struct Parameter: Sendable {
    let name: String
    let tensor: JSONField
  }

  /// In the order in which a list has them.
  private static let places = [
    "layer", "component", "unit", "max_number_of_units", "low_rank_dimension",
    "intervention_type", "intervention", "subspace_partition", "group_key",
    "intervention_link_key", "moe_key", "source_representation", "hidden_source_representation",
    "latent_dim",
  ]
  static let usualComponent = "block_output"

  /// - Parameter usual: The type where the description names none.
  init(_ given: JSONField, usual: InterventionType?) throws(Refusal) {
    var fields = try Fields(Self.named(given))
    try self.init(&fields, usual: usual)
    _ = try fields.end()
  }

  init(_ f: inout Fields, usual: InterventionType?) throws(Refusal) {
    field = f.json
    let named = try f.optional(
      "intervention_type", .interventionType, usually: "that of intervention_types",
      "One of \(InterventionType.allCases.map(\.rawValue).joined(separator: ", ")).")
    guard let type = named ?? usual else {
      throw f.place.refusal(
        "no intervention_type", expected: "a type, since other representations have one")
    }
    self.type = type
    layer = try f.field(
      "layer", .int(0...Int(Int32.max)), or: 0,
      "The layer, from 0. -1, \"all\", a range such as \"0:12\" or a list of these is a representation for "
        + "each, and lists with an item for each representation as written hold it for each of its "
        + "layers; {layer} in a module's path stands for the number.")
    component = try f.field(
      "component", .text, or: Self.usualComponent,
      "Where it acts: a site, as causeway sites MODEL lists them, or a module's path that ends in "
        + ".input or .output.")
    unit = try f.field(
      "unit", .unitAxis, or: .position,
      "What a unit is: \(UnitAxis.allCases.map(\.rawValue).joined(separator: ", ")).")
    maxUnits = try f.field(
      "max_number_of_units", .int(1...1 << 20), or: 1,
      "Units of an example that are changed together; types that join them are as many times wider."
    )
    rank = try f.optional(
      "low_rank_dimension", .int(1...1 << 24), usually: "that of params",
      only: type.within(f, .lowRankRotatedSpace, .jumpReLUAutoencoder),
      "Directions that are exchanged, or latents.")
    latents = try f.optional(
      "latent_dim", .int(1...1 << 24), usually: "that of a link",
      only: type.within(f, .autoencoder), "Latents.")
    interchange = try f.optional(
      "interchange_dim", .interchange, usually: "all",
      only: type.within(f, InterventionType.allCases.filter(\.takesInterchange)),
      "How many first coordinates are exchanged; of AutoencoderIntervention the list of latents.")
    partition = try f.optional(
      "subspace_partition", .partition, usually: "none",
      only: type.within(f, InterventionType.allCases.filter { !$0.ignoresSubspaces }),
      "Parts of the coordinates, which subspaces number: two numbers are the first and one past the "
        + "last, other lists the coordinates.")
    group = try f.optional(
      "group_key", .int(0...1 << 20), usually: "a source each",
      "The number of the source that it reads, ascending from 0.")
    link = try f.optional(
      "intervention_link_key", .linkName, usually: "none",
      "Representations with one key are one intervention, the first one's.")
    keepsLastDimension = try f.field(
      "keep_last_dim", .flag, or: false,
      only: type.within(f, InterventionType.allCases.filter(\.joinsUnits)),
      "Whether every unit is a vector by itself.")
    embedDimension = try f.optional(
      "embed_dim", .int(1...1 << 30), usually: "the site's",
      "The elements of a vector, where they are to be checked.")
    constantSource = try f.optional(
      "source_representation", .json(SpecTensors.words), usually: "the source's",
      only: type.within(f, InterventionType.allCases.filter(\.takesConstantSource)),
      "What it reads in place of a source's activation: [width].")
    parameters = try f.field(
      "params", .parameters, or: [], usually: "drawn",
      "The tensors that parameters start from, by their names.")
    arguments = try f.optional(
      "args", .table { (f) throws(Refusal) in try InterventionArguments(&f, of: type) },
      usually: "none", "What some types read.")
    _ = try f.optional(
      "intervention", .onlyNull("name the type in intervention_type"), "pyvene's object.")
    _ = try f.optional(
      "moe_key", .onlyNull("no site is of one expert alone"), "pyvene's expert.")
    _ = try f.optional(
      "hidden_source_representation", .onlyNull("name it in source_representation"),
      "pyvene's place for a constant source.")
  }

  /// The fields by name; the reference also takes them as a list in a fixed order, of which the last
  /// may be left out.
  static func named(_ given: JSONField) throws(Refusal) -> JSONField {
    guard case .array(let items) = given.value else { return given }
    guard items.count <= places.count else {
      throw given.refusal(
        "a list of \(items.count)",
        expected: "an object, or a list of at most \(places.count) fields")
    }
    var object = JSONObject()
    for (name, value) in zip(places, items) { _ = object.insert(value, forKey: name) }
    return JSONField(.object(object), file: given.file, path: given.path, kind: given.kind)
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
