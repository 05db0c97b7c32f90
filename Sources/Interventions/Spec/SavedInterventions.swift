internal import Foundation
internal import Inputs
internal import JobFiles
internal import Tensors

/// Interventions of a folder as representations, in the order of its keys.
struct SavedInterventions {
  let representations: [RepresentationSpec]
  /// Of a folder of the reference; nil of one of our own.
  let states: [SpecSetup.Saved]?
  /// What the representations name, of a folder of our own.
  let tensors: SpecTensors?
  let mode: InterventionSetup<Float>.Mode

  init(_ path: String) throws(Refusal) {
    if InterventionFolder.isOne(path) {
      try self.init(InterventionFolder(reading: path))
      return
    }
    try self.init(PyveneFolder(reading: path), "\(path)/\(PyveneFolder.configName)")
  }

  /// - Parameter config: A `config.json` of the reference, or its folder; its interventions start anew.
  init(config: String) throws(Refusal) {
    let path = Self.configFile(config)
    try self.init(PyveneFolder(config: path), path)
  }

  /// A path as it is, or of a folder the file in it.
  static func configFile(_ path: String) -> String {
    path.hasSuffix(".json") ? path : "\(path)/\(PyveneFolder.configName)"
  }

  private init(_ folder: InterventionFolder) {
    (representations, mode, tensors) = (folder.representations, folder.mode, folder.tensors)
    states = nil
  }

  private init(_ folder: PyveneFolder, _ path: String) throws(Refusal) {
    mode = folder.mode == .serial ? .serial : .parallel
    var declared: [RepresentationSpec] = []
    for (index, saved) in folder.representations.enumerated() {
      let field = JSONField(
        .object(Self.description(saved)), file: path,
        path: "representations[\(index)]", kind: .model)
      declared.append(try RepresentationSpec(field, usual: nil))
    }
    let keyed = RepresentationSpec.keyed(declared)
    representations = folder.order.map { keyed[$0] }
    states = folder.order.map { Self.state(folder.representations[$0]) }
    tensors = nil
  }

  /// The same as a specification says it.
  private static func description(_ saved: SavedRepresentation) -> JSONObject {
    func number(_ value: Int) -> JSON { .number(JSONNumber(text: "\(value)")) }
    var object = JSONObject()
    func add(_ name: String, _ value: JSON?) {
      if let value { _ = object.insert(value, forKey: name) }
    }
    add("layer", number(saved.layer))
    add("component", .string(saved.component))
    add("unit", .string(saved.unit))
    add("max_number_of_units", number(saved.maxUnits))
    add("intervention_type", .string(saved.interventionType.rawValue))
    // The reference also saves numbers that the type has no use for.
    let type = InterventionType(rawValue: saved.interventionType.rawValue)
    let hasRank = type == .lowRankRotatedSpace || type == .jumpReLUAutoencoder
    add("low_rank_dimension", hasRank ? saved.lowRankDimension.map(number) : nil)
    add("latent_dim", type == .autoencoder ? saved.latentDimension.map(number) : nil)
    add("group_key", saved.groupKey.map(number))
    add(
      "intervention_link_key",
      saved.linkKey.map { link in
        switch link {
        case .number(let value): number(value)
        case .text(let text): .string(text)
        }
      })
    add("moe_key", saved.moeKey.map(number))
    add(
      "subspace_partition",
      type?.ignoresSubspaces == true
        ? nil
        : saved.subspacePartition.map { .array($0.map { .array($0.map(number)) }) })
    return object
  }

  private static func state(_ saved: SavedRepresentation) -> SpecSetup.Saved {
    var parameters: [String: Tensor<Float>] = [:]
    for (name, tensor) in saved.state {
      guard case .floats(let values) = tensor.values else { continue }
      parameters[name] = Tensor(tensor.shape, values)
    }
    let constant = parameters.removeValue(forKey: "source_representation")
    let interchange: RepresentationSpec.Interchange? = saved.interchangeDimensions.map {
      switch $0 {
      case .first(let count): .first(count)
      case .listed(let list): .indices(list)
      }
    }
    return SpecSetup.Saved(
      parameters: parameters, constantSource: saved.isSourceConstant ? constant : nil,
      interchange: interchange, width: saved.state["embed_dim"]?.onlyInteger)
  }
}

extension SpecSetup {
  /// The interventions as a folder of the reference, or a refusal of a type that it does not know.
  func folder() throws(Refusal) -> PyveneFolder {
    var saved: [SavedRepresentation] = []
    var links: [String: Int] = [:]
    for (index, spec) in representations.enumerated() {
      guard let type = SavedInterventionType(rawValue: spec.type.rawValue) else {
        throw spec.field.refusal(
          spec.type.rawValue, expected: "a type of the reference, which a saved folder can name")
      }
      if let arguments = spec.arguments, arguments.keepsError {
        throw arguments.place.member("keep_error").refusal(
          "true", expected: "false: a folder of the reference cannot say it")
      }
      let link = spec.link.map { name in
        links[name]
          ?? {
            links[name] = links.count
            return links.count - 1
          }()
      }
      var state: [String: SavedTensor] = [:]
      for entry in setup.intervention(of: index).parameters.entries {
        state[entry.name] = SavedTensor(shape: entry.value.shape, entry.value.elements)
      }
      let hasConstant = spec.constantSource != nil || (given[index] != nil && type != .noise)
      if hasConstant, let constant = given[index]?.value {
        state["source_representation"] = SavedTensor(shape: constant.shape, constant.elements)
      }
      saved.append(
        SavedRepresentation(
          layer: setup.entries[index].layer, component: spec.component, unit: spec.unit.rawValue,
          maxUnits: spec.maxUnits, interventionType: type, lowRankDimension: spec.rank,
          subspacePartition: spec.partition.map { $0.map(Self.part) }, groupKey: spec.group,
          linkKey: link.map { .number($0) }, hasConstantSource: hasConstant,
          latentDimension: spec.latents,
          interchangeDimensions: interchange(index), state: state))
    }
    return PyveneFolder(mode: setup.mode == .serial ? .serial : .parallel, saved)
  }

  /// A part as the reference writes it: neighbours as a range, since two integers are one.
  private static func part(_ indices: [Int]) -> [Int] {
    guard let first = indices.first else { return [0, 0] }
    let isRange = indices.enumerated().allSatisfy { $1 == first + $0 }
    return isRange ? [first, first + indices.count] : indices
  }

  private func interchange(_ index: Int) -> SavedRepresentation.Dimensions? {
    switch usual[index] {
    case .shared(let indices):
      representations[index].type == .autoencoder ? .listed(indices) : .first(indices.count)
    default: widths[index].map { .first($0) }
    }
  }
}
