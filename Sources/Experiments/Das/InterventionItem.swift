internal import Inputs
internal import Interventions

/// One of `[[interventions]]`: what the reference calls a representation, and what it is trained on.
package struct InterventionItem: Sendable {
  /// The reference's own fields, which the engine reads.
  private let described: JobTable
  private let place: JobPlace
  /// Where it acts; nil: as the sweep says.
  package let position: PlaceSelection?
  /// Where it reads the source; nil: as in the base.
  package let sourcePosition: PlaceSelection?
  /// Of sites that are split into heads.
  package let heads: [Int]?
  /// The variable whose source it reads, in the examples that intervene on it; nil: it acts in all.
  package let variable: String?
  /// Parts of its partition, or coordinates.
  package let subspaces: [Int]?

  private static let own = ["position", "source_position", "heads", "variable", "subspaces"]
  private static let reference = [
    "layer", "component", "unit", "max_number_of_units", "low_rank_dimension",
    "intervention_type", "subspace_partition", "group_key", "intervention_link_key", "latent_dim",
    "interchange_dim", "keep_last_dim", "embed_dim", "args", "params", "source_representation",
  ]
  /// What training of an intervention may learn; the field that a sweep over widths sets.
  static let widthFields = [
    "LowRankRotatedSpaceIntervention": "low_rank_dimension",
    "RotatedSpaceIntervention": "interchange_dim", "PCARotatedSpaceIntervention": "interchange_dim",
    "VanillaIntervention": "interchange_dim", "AutoencoderIntervention": "latent_dim",
    "JumpReLUAutoencoderIntervention": "low_rank_dimension",
  ]

  init(_ field: JobField) throws(Refusal) {
    let section = try field.table(known: Self.own + Self.reference)
    place = field.place
    var described = section.table
    for key in Self.own { described[key] = nil }
    self.described = described
    position = try section.optional("position").map(PlaceSelection.init)
    sourcePosition = try section.optional("source_position").map(PlaceSelection.init)
    heads = try section.optional("heads").map(Self.numbers)
    variable = try section.optional("variable").map(Self.name)
    subspaces = try section.optional("subspaces").map(Self.numbers)
    _ = try section.required(
      "intervention_type", expected: "a type such as \"RotatedSpaceIntervention\"")
    for (key, types) in Self.readBy where InterventionType(rawValue: typeName) != nil {
      guard let unread = section.optional(key), !types.contains(typeName) else { continue }
      throw unread.place.refusal(
        "\(key) for \(quoted(typeName)), which does not read it",
        expected: "none, or one of the types \(types.joined(separator: ", "))")
    }
  }

  /// The types that read a field which the others leave alone.
  private static let readBy: KeyValuePairs = [
    "low_rank_dimension": ["LowRankRotatedSpaceIntervention", "JumpReLUAutoencoderIntervention"],
    "latent_dim": ["AutoencoderIntervention"],
  ]

  /// A variable's name; those that data numbers have their number.
  private static func name(_ field: JobField) throws(Refusal) -> String {
    if case .integer = field.value.content { return "\(try field.int(in: 0...1_000_000))" }
    let name = try field.string()
    guard (1...200).contains(name.utf8.count) else {
      throw field.refusal(expected: "the name of a variable, 1 to 200 bytes")
    }
    return name
  }

  private static func numbers(_ field: JobField) throws(Refusal) -> [Int] {
    var numbers: [Int] = []
    for item in try field.items() { numbers.append(try item.int(in: 0...1 << 24)) }
    guard !numbers.isEmpty, Set(numbers).count == numbers.count else {
      throw field.place.refusal(
        numbers.isEmpty ? "an empty list" : "a number twice", expected: "each number once")
    }
    return numbers
  }

  /// The layer that it names itself.
  var layer: Int? {
    if case .integer(let layer)? = described["layer"]?.content { layer } else { nil }
  }

  /// Whether the layer is the sweep's to choose.
  var needsLayer: Bool { described["layer"] == nil }

  var typeName: String {
    if case .string(let name)? = described["intervention_type"]?.content { name } else { "" }
  }

  /// The field that a sweep over widths sets; nil where the width is given or the type has none.
  var openWidth: String? {
    Self.widthFields[typeName].flatMap { described[$0] == nil ? $0 : nil }
  }

  /// The component's name, for the layers that a model has it at.
  var component: String {
    if case .string(let name)? = described["component"]?.content { name } else { "block_output" }
  }

  /// The description at a point of the sweep.
  ///
  /// - Parameter seed: Of random starts, where the description has none of its own.
  func description(layer: Int?, width: Int?, units: Int, seed: Int) -> JSONField {
    var table = described
    if needsLayer, let layer { table["layer"] = .int(layer) }
    if let width, let openWidth { table[openWidth] = .int(width) }
    if table["max_number_of_units"] == nil, units != 1 {
      table["max_number_of_units"] = .int(units)
    }
    if Self.drawsStart.contains(typeName) {
      var arguments = JobTable()
      if case .table(let own)? = table["args"]?.content { arguments = own }
      if arguments["seed"] == nil {
        arguments["seed"] = .int(seed)
        table["args"] = JobValue(.table(arguments), origin: .unknown)
      }
    }
    if typeName == "expression" { table["args"] = seeded(table["args"], seed: seed) }
    return JSONField(
      JobValue(.table(table), origin: .unknown).json, file: place.file, path: place.path, kind: .job
    )
  }

  /// The arguments of an expression whose trained parameters have a seed each: their own, or the
  /// given one and their number.
  private func seeded(_ arguments: JobValue?, seed: Int) -> JobValue? {
    guard let arguments, case .table(var members) = arguments.content,
      let trained = members["trained"], case .table(var parameters) = trained.content
    else { return arguments }
    for (number, (name, value)) in parameters.members.enumerated() {
      guard case .table(var parameter) = value.content, parameter["seed"] == nil else { continue }
      parameter["seed"] = .int(seed + number)
      parameters[name] = JobValue(.table(parameter), origin: value.origin)
    }
    members["trained"] = JobValue(.table(parameters), origin: trained.origin)
    return JobValue(.table(members), origin: arguments.origin)
  }

  /// The same place with the whole vector exchanged.
  func swapDescription(layer: Int?, units: Int) -> JSONField {
    var table = JobTable()
    for key in ["layer", "component", "unit", "max_number_of_units", "group_key"] {
      table[key] = described[key]
    }
    if needsLayer, let layer { table["layer"] = .int(layer) }
    if table["max_number_of_units"] == nil, units != 1 {
      table["max_number_of_units"] = .int(units)
    }
    table["intervention_type"] = .text("VanillaIntervention")
    return JSONField(
      JobValue(.table(table), origin: .unknown).json, file: place.file, path: place.path, kind: .job
    )
  }

  private static let drawsStart = [
    "RotatedSpaceIntervention", "LowRankRotatedSpaceIntervention",
    "BoundlessRotatedSpaceIntervention", "SigmoidMaskRotatedSpaceIntervention",
    "AutoencoderIntervention",
  ]

  /// A field of the item, for refusals.
  func field(_ key: String) -> JobPlace { place.member(key) }

  /// Its subspaces, for refusals of the engine.
  var subspacesField: JSONField {
    JSONField(.null, file: place.file, path: place.member("subspaces").path, kind: .job)
  }

  /// A refusal of the engine, which knows fields without their lines, with the line of the field, or
  /// of what holds it.
  func located(_ refusal: Refusal) -> Refusal {
    guard refusal.kind == .job, refusal.file == place.file,
      refusal.field == place.path || refusal.field.hasPrefix(place.path + ".")
    else { return refusal }
    var value = JobValue(.table(described), origin: place.origin)
    var origin = place.origin
    for step in refusal.field.dropFirst(place.path.count).split(whereSeparator: {
      ".[]".contains($0)
    }) {
      let next: JobValue?
      switch value.content {
      case .table(let table): next = table[String(step)]
      case .list(let items):
        next = Int(step).flatMap { items.indices.contains($0) ? items[$0] : nil }
      default: next = nil
      }
      guard let next else { break }
      value = next
      if next.origin != .unknown { origin = next.origin }
    }
    return JobPlace(file: refusal.file, path: refusal.field, origin: origin).refusal(
      refusal.found, expected: refusal.expected)
  }

  var canonical: JobValue {
    var table = described
    table["position"] = position?.canonical
    table["source_position"] = sourcePosition?.canonical
    table["heads"] = heads.map { .items($0.map(JobValue.int)) }
    table["variable"] = variable.map(JobValue.text)
    table["subspaces"] = subspaces.map { .items($0.map(JobValue.int)) }
    return JobValue(.table(table), origin: .unknown)
  }
}

extension InterventionItem {
  /// The variables that interventions are of, each once.
  static func variables(of items: [InterventionItem]) -> [String] {
    items.compactMap(\.variable).reduce(into: []) { list, name in
      if !list.contains(name) { list.append(name) }
    }
  }
}
