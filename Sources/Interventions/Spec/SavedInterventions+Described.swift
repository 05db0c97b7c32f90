internal import Autodiff
internal import Inputs
internal import JobFiles
internal import Tensors

extension SavedInterventions {
  /// Refuses descriptions beside a folder that are of other interventions than it holds.
  func check(
    against described: [RepresentationSpec], _ folder: JobPath
  ) throws(Refusal) {
    if described.isEmpty { return }
    guard described.count == representations.count else {
      throw folder.refusal(
        "a folder of \(representations.count) interventions",
        expected: "\(described.count), as representations lists")
    }
    for one in described {
      guard let own = representations.first(where: { $0.key == one.key }), own.type == one.type
      else {
        throw one.field.refusal(
          "\(one.type.rawValue) at \(one.key)",
          expected: "what \(quoted(folder.written)) holds: "
            + representations.map { "\($0.type.rawValue) at \($0.key)" }.joined(separator: ", "))
      }
    }
  }

  /// Refuses fields of descriptions that contradict what was saved, and those that saved interventions
  /// have no use for.
  ///
  /// - Parameter setup: What was made of the folder.
  func compare(
    with described: [RepresentationSpec], _ setup: SpecSetup, _ tensors: SpecTensors
  ) throws(Refusal) {
    var links: [String: String] = [:]
    for one in described {
      guard let index = representations.firstIndex(where: { $0.key == one.key }) else { continue }
      try compareNumbers(one, index, setup)
      try compareLink(one, index, &links)
      if let arguments = one.arguments {
        throw arguments.place.refusal(
          "args beside saved_directory", expected: "none: the folder has the interventions whole")
      }
      let use = SpecTensors.Use(
        layer: setup.setup.entries[index].layer, shape: setup.widths[index].map { [$0] })
      guard let states else {
        // A folder of our own has tensors under names of its own.
        if let given = one.constantSource ?? one.parameters.first?.tensor {
          throw given.refusal(
            "a tensor beside saved_directory", expected: "none: the folder has them")
        }
        continue
      }
      if let field = one.constantSource {
        let given = try tensors.floats(field, for: use)
        try Self.compare(field, given, states[index].constantSource)
      }
      for parameter in one.parameters {
        let given = try tensors.floats(parameter.tensor, for: .init(layer: use.layer))
        try compare(parameter, given, index)
      }
    }
  }

  private func compareNumbers(
    _ one: RepresentationSpec, _ index: Int, _ setup: SpecSetup
  ) throws(Refusal) {
    let (own, state) = (representations[index], states?[index])
    let interchange = states == nil ? own.interchange : state?.interchange
    let columns = state?.parameters[OrthogonalWeight<Float>.originalName]?.shape.last
    func compare<Value: Equatable>(
      _ key: String, _ given: Value?, _ saved: Value?
    ) throws(Refusal) {
      guard let given, given != saved else { return }
      throw try one.field[key].refusal(
        "\(given)", expected: "\(saved.map { "\($0)" } ?? "none"), as was saved, or no such field")
    }
    try compare("low_rank_dimension", one.rank, own.rank ?? columns)
    try compare("latent_dim", one.latents, own.latents)
    try compare("interchange_dim", one.interchange?.words, interchange?.words)
    try compare("subspace_partition", one.partition, own.partition)
    try compare("group_key", one.group, own.group)
    try compare("embed_dim", one.embedDimension, setup.widths[index])
    // One unit is joined with no other either way.
    let said = try one.field.optional("keep_last_dim")
    let keeps = said == nil || one.maxUnits == 1 ? nil : one.keepsLastDimension
    try compare("keep_last_dim", keeps, setup.representations[index].keepsLastDimension)
  }

  /// Links go by other names in a folder, but bind the same representations.
  private func compareLink(
    _ one: RepresentationSpec, _ index: Int, _ links: inout [String: String]
  ) throws(Refusal) {
    guard let link = one.link else { return }
    let saved = representations[index].link
    let isKnown = links[link] == nil && !links.values.contains { $0 == saved }
    guard let saved, isKnown || links[link] == saved else {
      throw try one.field["intervention_link_key"].refusal(
        "a link that binds other representations than the saved one",
        expected: saved == nil ? "none, as was saved" : "the links that were saved")
    }
    links[link] = saved
  }

  private func compare(
    _ parameter: RepresentationSpec.Parameter, _ given: Tensor<Float>, _ index: Int
  ) throws(Refusal) {
    typealias Names = OrthogonalWeight<Float>
    let saved = states?[index].parameters ?? [:]
    if parameter.name == Names.weightName, saved[parameter.name] == nil,
      let base = saved[Names.baseName], let original = saved[Names.originalName]
    {
      let made = Names(base: base, original: original).weight
      try Self.compare(parameter.tensor, given, made, within: Names.storedTolerance)
    } else {
      try Self.compare(parameter.tensor, given, saved[parameter.name])
    }
  }

  /// - Parameter tolerance: By how much an element may differ.
  private static func compare(
    _ field: JSONField, _ given: Tensor<Float>, _ saved: Tensor<Float>?, within tolerance: Float = 0
  ) throws(Refusal) {
    guard let saved else {
      throw field.refusal("a tensor that was not saved", expected: "none: the folder is read")
    }
    guard given.count == saved.count else {
      throw field.refusal("shape \(given.shape)", expected: "\(saved.shape), as was saved")
    }
    for (number, (a, b)) in zip(given.elements, saved.elements).enumerated()
    where !(abs(a - b) <= tolerance) && a.bitPattern != b.bitPattern {
      throw field.refusal("element \(number) \(a)", expected: "\(b), as was saved")
    }
  }
}
