internal import Inputs
internal import JobFiles

extension InterventionSpec {
  /// The types that representations without one of their own have.
  enum UsualTypes {
    case vanilla
    case all(InterventionType)
    case each([InterventionType], JSONField)
  }

  /// Where interventions are that are not described.
  enum Origin: Sendable {
    /// A folder with their state.
    case saved(JobPath)
    /// A `config.json` of the reference, whose interventions start anew.
    case config(JobPath)

    var path: JobPath {
      switch self {
      case .saved(let path), .config(let path): path
      }
    }
  }

  /// What is done, and how sources hang together: described, saved in a folder, or in a `config.json`.
  static func interventions(
    _ f: inout Fields
  ) throws(Refusal) -> (
    representations: [RepresentationSpec], mode: InterventionSetup<Float>.Mode, origin: Origin?,
    includesModel: Bool
  ) {
    let saved = try f.optional(
      "saved_directory", .path("a folder that pyvene or --save wrote"), usually: "none",
      "Interventions that were saved, in place of descriptions; representations beside it are "
        + "compared with them.")
    let config = try f.optional(
      "config", .path("pyvene's config.json, or its folder"), usually: "none",
      apartFrom: ["saved_directory"],
      "Interventions as pyvene's config.json describes them, in place of descriptions; what has "
        + "parameters starts anew.")
    let (isSaved, hasConfig) = (saved != nil, config != nil)
    let described = Fields.When(
      !isSaved && !hasConfig, "neither saved_directory nor config",
      of: hasConfig ? "a config" : "saved interventions")
    let unlessConfig = Fields.When(!hasConfig, "no config", of: "a config")
    let includesModel = try f.field(
      "include_model", .flag, or: false,
      only: Fields.When(f.isManual || isSaved, "saved_directory"),
      "Whether weights of the model that were saved beside interventions replace its own.")
    let usual = try f.optional(
      "intervention_types", .usualTypes, usually: "VanillaIntervention", only: unlessConfig,
      "The types of representations that name none: one for all, or a list.")
    let representations = try f.optional(
      "representations", .representations(usual ?? .vanilla),
      needed: Fields.When(!isSaved && !hasConfig, "without saved_directory or config"),
      only: unlessConfig,
      "An intervention each; in place of a table stands also the list of its first 14 values, as in "
        + "pyvene. null counts as left out.")
    let order = try f.optional(
      "sorted_keys", .json("a list of keys"), usually: "as representations stand", only: described,
      "Every intervention's key, layer_L_comp_C_unit_U_nunit_N#K, in the order by which places, "
        + "subspaces and collections go.")
    let mode: InterventionSetup<Float>.Mode = try f.field(
      "mode", .choice(), or: .parallel, only: described,
      "parallel: all sources run by themselves; serial: each group changes the next one's source.")
    _ = try f.optional(
      "use_fast", .flag, usually: "found out",
      "pyvene's word for places that examples share; nothing hangs on it here.")
    return (
      try sorted(RepresentationSpec.keyed(representations ?? []), by: order), mode,
      saved.map { Origin.saved($0) } ?? config.map { Origin.config($0) }, includesModel
    )
  }

  /// The representations in the order of `sorted_keys`, by which places, subspaces and collections
  /// then go.
  static func sorted(
    _ specs: [RepresentationSpec], by order: JSONField?
  ) throws(Refusal) -> [RepresentationSpec] {
    guard let order else { return specs }
    var keys: [String] = []
    for item in try order.items() { keys.append(try item.string()) }
    let known = specs.map(\.key)
    guard keys.sorted() == known.sorted() else {
      throw order.refusal(
        "\(keys.map(quoted).joined(separator: ", "))",
        expected: "each of \(known.joined(separator: ", ")) once")
    }
    return keys.compactMap { key in specs.first { $0.key == key } }
  }
}

extension FieldType where Value == InterventionSpec.UsualTypes {
  fileprivate static var usualTypes: FieldType {
    json("a type, or a list of types", .vanilla) { (field) throws(Refusal) in
      guard case .array = field.value else { return .all(try field.choice()) }
      var types: [InterventionType] = []
      for item in try field.items() { types.append(try item.choice()) }
      return .each(types, field)
    }
  }
}

extension FieldType where Value == [RepresentationSpec] {
  fileprivate static func representations(_ usual: InterventionSpec.UsualTypes) -> FieldType {
    let table = FieldType.tables { (f, _) throws(Refusal) in
      try RepresentationSpec(&f, usual: .vanilla)
    }
    return table.reading("a list of tables") { (field, _) throws(Refusal) in
      var items = [field.json]
      if case .list = field.value.content { items = try field.json.items() }
      var types = [InterventionType?](repeating: nil, count: items.count)
      switch usual {
      case .all(let type): types = types.map { _ in type }
      case .each(let list, let given):
        guard list.count == items.count else {
          throw given.refusal("\(list.count) types", expected: "\(items.count), or one for all")
        }
        types = list
      case .vanilla:
        var isTyped = false
        for item in items {
          let own = try RepresentationSpec.named(item).optional("intervention_type")
          isTyped = isTyped || own != nil
        }
        if !isTyped { types = types.map { _ in .vanilla } }
      }
      var specs: [RepresentationSpec] = []
      for (item, type) in zip(items, types) {
        specs.append(try RepresentationSpec(item, usual: type))
      }
      return specs
    }
  }
}
