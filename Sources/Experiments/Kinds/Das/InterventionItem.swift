internal import Inputs
internal import Interventions
package import JobFiles

/// One of `[[interventions]]`: what the reference calls a representation, and what it is trained on.
package struct InterventionItem: Sendable {
  /// The reference's own fields, which the engine reads.
  private let described: JobTable
  private let place: JobPlace
  /// Where it acts; nil: as the sweep says.
  package let position: Places?
  /// Where it reads the source; nil: as in the base.
  package let sourcePosition: Places?
  /// Of sites that are split into heads.
  package let heads: [Int]?
  /// The variable whose source it reads, in the examples that intervene on it; nil: it acts in all.
  package let variable: String?
  /// Parts of its partition, or coordinates.
  package let subspaces: [Int]?

  /// What training of an intervention may learn; the field that a sweep over widths sets.
  static let widthFields = [
    "LowRankRotatedSpaceIntervention": "low_rank_dimension",
    "RotatedSpaceIntervention": "interchange_dim", "PCARotatedSpaceIntervention": "interchange_dim",
    "VanillaIntervention": "interchange_dim", "AutoencoderIntervention": "latent_dim",
    "JumpReLUAutoencoderIntervention": "low_rank_dimension",
  ]

  init(_ f: inout Fields) throws(Refusal) {
    place = f.place
    let type = try f.required(
      "intervention_type", .any("a type such as \"RotatedSpaceIntervention\""),
      "One of \(InterventionType.allCases.map(\.rawValue).joined(separator: ", ")).")
    var typeName = ""
    if case .string(let name) = type.content { typeName = name }
    // A type that there is not is refused where types are known.
    let isKnown = InterventionType(rawValue: typeName) != nil
    func of(_ types: String...) -> Fields.When {
      Fields.When(
        !isKnown || types.contains(typeName), "the type \(types.joined(separator: " or "))",
        of: quoted(typeName))
    }
    let number = FieldType.any("an integer")
    func keep(
      _ key: String, _ type: FieldType<JobValue> = number, usually: String? = nil,
      only when: Fields.When = .always, _ says: String
    ) throws(Refusal) {
      _ = try f.optional(key, type, usually: usually, only: when, says)
    }
    try keep("layer", usually: "the sweep's", "The layer, from 0.")
    try keep(
      "component", .any("a site, as causeway sites MODEL lists them, or a module's path"),
      usually: "block_output",
      "Where it acts. mlp_activation of a gated MLP is what the nonlinearity "
        + "gives, before the product with the other branch.")
    try keep(
      "unit", .any("pos, h or h.pos"), usually: "pos", "What a unit is: a position or a head.")
    try keep("max_number_of_units", usually: "1", "Units that are changed together, at most.")
    try keep(
      "low_rank_dimension", usually: "the sweep's width",
      only: of("LowRankRotatedSpaceIntervention", "JumpReLUAutoencoderIntervention"),
      "Directions that are exchanged, or latents of an autoencoder.")
    try keep(
      "latent_dim", usually: "the sweep's width", only: of("AutoencoderIntervention"),
      "Latents of the autoencoder.")
    try keep(
      "interchange_dim", usually: "all", "The first coordinates, so many of them, are exchanged.")
    try keep(
      "subspace_partition", .any("a list of [first, one past the last]"),
      "Parts that the coordinates are divided into, for subspaces.")
    try keep(
      "intervention_link_key", number, "Interventions with one key share their parameters.")
    try keep("group_key", number, "Interventions with one key are applied together.")
    try keep("keep_last_dim", .flagged, usually: "false", "Whether units stay apart.")
    try keep("embed_dim", usually: "the site's width", "Width of what it acts on.")
    try keep(
      "source_representation", .any("a tensor's name"),
      "What it reads in place of a source's states.")
    try keep("params", .any("a tensor's name for each parameter"), "Parameters it starts from.")
    try keep(
      "args", .any("a table"),
      "What some types read. PCARotatedSpaceIntervention: components, mean and std, names of tensors "
        + "of the file in tensors: [components, width], [width], [width]. NoiseIntervention: noise "
        + "or level, seed. expression: formula, constants, trained. custom.Scale: factor. "
        + "custom.Interpolate: alpha. Rotations: seed of their start.")
    described = f.canonical
    position = try f.optional(
      "position", .namedPlaces, usually: "the sweep's, or else last",
      "Where it acts: in every example, all positions of the list at once.")
    sourcePosition = try f.optional(
      "source_position", .namedPlaces, usually: "as in the base",
      "Where it reads the source, as many positions.")
    let numbers = FieldType.list(of: FieldType.int(0...1 << 24), "numbers", isSet: true)
    heads = try f.optional("heads", numbers, "Heads, of sites that are split into them.")
    variable = try f.optional(
      "variable", .variable, usually: "it acts in every example",
      "The variable whose source it reads, in the examples that intervene on it.")
    subspaces = try f.optional(
      "subspaces", numbers, usually: "all",
      "Parts of subspace_partition that are exchanged, or without one coordinates.")
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

  /// The width that it names itself.
  var width: Int? {
    guard let key = Self.widthFields[typeName], case .integer(let width)? = described[key]?.content
    else { return subspaces.flatMap { described["subspace_partition"] == nil ? $0.count : nil } }
    return width
  }

  /// Whether it is a rotation of which everything is exchanged, so that its angles count for nothing.
  var turnsAll: Bool {
    typeName == InterventionType.rotatedSpace.rawValue && subspaces == nil && openWidth != nil
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
}

extension InterventionItem {
  /// The variables that interventions are of, each once.
  static func variables(of items: [InterventionItem]) -> [String] {
    items.compactMap(\.variable).reduce(into: []) { list, name in
      if !list.contains(name) { list.append(name) }
    }
  }
}

extension FieldType where Value == String {
  /// A variable's name; those that data number have their number.
  fileprivate static var variable: FieldType {
    let words = "the name of a variable, 1 to 200 bytes"
    return FieldType(words, placeholder: "", canonical: JobValue.text) {
      (field, _) throws(Refusal) in
      if case .integer = field.value.content { return "\(try field.int(in: 0...1_000_000))" }
      let name = try field.string()
      guard (1...200).contains(name.utf8.count) else { throw field.refusal(expected: words) }
      return name
    }
  }
}

extension FieldType where Value == JobValue {
  fileprivate static var flagged: FieldType { any("true or false") }
}
