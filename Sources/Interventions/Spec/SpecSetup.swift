internal import Inputs
internal import Models
internal import Tensors

/// A specification's interventions, resolved against a model and made from their tensors.
struct SpecSetup {
  let representations: [RepresentationSpec]
  private(set) var setup: InterventionSetup<Float>
  /// What stands in for the source in every run, by entry.
  let given: [InterventionCall<Float>.Given?]
  /// Noise that is drawn when it is known for how many units, by entry.
  let noise: [(seed: UInt32, width: Int)?]
  /// The coordinates that are exchanged where no subspaces are named, by entry.
  let usual: [Coordinates]
  /// The elements of one vector, by entry; nil of attention weights.
  let widths: [Int?]

  /// State of an intervention that was saved, with what it exchanges.
  struct Saved {
    let parameters: [String: Tensor<Float>]
    let constantSource: Tensor<Float>?
    let interchange: RepresentationSpec.Interchange?
    /// The elements of one vector; a joining type of one unit's width does not join.
    let width: Int?
  }

  /// - Parameter saved: By representation, where they come from a folder.
  init(
    _ representations: [RepresentationSpec], mode: InterventionSetup<Float>.Mode,
    in model: any IntervenableModel<Float>, tensors: SpecTensors, saved: [Saved]? = nil
  ) throws(Refusal) {
    var representations = representations
    var widths: [Int?] = []
    let groups = try Self.groups(representations)
    var interventions: [any Intervention<Float>] = []
    var entries: [InterventionSetup<Float>.Entry] = []
    var links: [String: (intervention: Int, first: Int)] = [:]
    var given: [InterventionCall<Float>.Given?] = []
    var noise: [(seed: UInt32, width: Int)?] = []
    var usual: [Coordinates] = []
    for index in representations.indices {
      let place = try SiteResolution(representations[index], in: model)
      if let link = representations[index].link, let former = links[link] {
        let first = representations[former.first]
        try Self.check(representations[index], linkedTo: first)
        representations[index].share(first)
        let width = try Self.width(of: representations[index], place.grid)
        try Self.check(representations[index], width, linkedTo: widths[former.first])
        entries.append(
          try Self.entry(
            representations[index], place, former.intervention,
            interventions[former.intervention], group: groups[index]))
        given.append(given[former.first])
        widths.append(width)
        noise.append(noise[former.first])
        usual.append(usual[former.first])
        continue
      }
      if let width = saved?[index].width, width == place.grid.blockWidth {
        representations[index].keepsLastDimension = true
      }
      let spec = representations[index]
      let width = try Self.width(of: spec, place.grid)
      let building = InterventionBuilding(
        spec: spec, width: width, place: place, tensors: tensors,
        saved: saved?[index].parameters)
      var built = try building()
      if let constant = saved?[index].constantSource { built.given = .init(constant) }
      if let link = spec.link { links[link] = (interventions.count, index) }
      entries.append(
        try Self.entry(
          spec, place, interventions.count, built.intervention, group: groups[index]))
      interventions.append(built.intervention)
      given.append(built.given)
      widths.append(width)
      noise.append(built.drawsNoise)
      let available = built.intervention.coordinateCount(width: width ?? .max)
      try Self.checkPartition(spec, available)
      usual.append(
        try Self.usual(spec, saved?[index].interchange, available, width: width ?? .max))
    }
    setup = InterventionSetup(interventions: interventions, entries: entries, mode: mode)
    (self.given, self.noise, self.usual) = (given, noise, usual)
    (self.representations, self.widths) = (representations, widths)
  }

  /// The same with other numbers in the interventions.
  func with(_ interventions: [any Intervention<Float>]) -> SpecSetup {
    var copy = self
    copy.setup.interventions = interventions
    return copy
  }

  private static func entry(
    _ spec: RepresentationSpec, _ place: SiteResolution, _ number: Int,
    _ intervention: any Intervention<Float>, group: Int
  ) throws(Refusal) -> InterventionSetup<Float>.Entry {
    var entry = InterventionSetup<Float>.Entry(
      key: spec.key, site: place.site, layer: place.layer, grid: place.grid,
      intervention: number, group: group,
      sourceSite: intervention.readsModuleInput ? try place.moduleInput(spec) : nil)
    if intervention.seesModuleInput { _ = try place.moduleInput(spec) }
    entry.order = place.order
    return entry
  }

  /// The source that each representation reads: its group's number, or its own.
  private static func groups(_ specs: [RepresentationSpec]) throws(Refusal) -> [Int] {
    guard let first = specs.first(where: { $0.group != nil }) else { return Array(specs.indices) }
    var groups: [Int] = []
    for spec in specs {
      let field = try spec.field.optional("group_key") ?? first.field
      guard let group = spec.group else {
        throw spec.field.refusal(
          "no group_key", expected: "one, since other representations have it")
      }
      let last = groups.last ?? -1
      guard group == last || group == last + 1, group >= 0 else {
        throw field.refusal(
          "group \(group) after \(last < 0 ? "none" : "\(last)")",
          expected: "groups 0, 1, 2, … in ascending order")
      }
      groups.append(group)
    }
    return groups
  }

  /// The elements of one vector, as far as the description says it; nil of attention weights.
  private static func width(
    of spec: RepresentationSpec, _ grid: UnitGrid
  ) throws(Refusal) -> Int? {
    guard let block = grid.blockWidth else { return nil }
    let joins = spec.type.joinsUnits && !spec.keepsLastDimension && grid.axis != .step
    let (joined, overflow) = block.multipliedReportingOverflow(by: spec.maxUnits)
    let width = joins || grid.axis == .feature ? joined : block
    guard !overflow, width <= 1 << 30 else {
      throw spec.field.refusal("vectors of \(spec.maxUnits) units", expected: "fewer units")
    }
    if let said = spec.embedDimension, said != width {
      throw try spec.field["embed_dim"].refusal(
        "\(said)",
        expected: "\(width): \(joins ? "\(spec.maxUnits) units of \(block)" : "one unit")")
    }
    return width
  }

  /// Refuses a link to an intervention that another one would be in its own place. What does not
  /// change the numbers that make it up, such as a partition, is the first one's.
  private static func check(
    _ spec: RepresentationSpec, linkedTo first: RepresentationSpec
  ) throws(Refusal) {
    let field = try spec.field["intervention_link_key"]
    guard spec.type == first.type else {
      throw field.refusal(
        "a link of \(spec.type.rawValue) with \(first.type.rawValue)",
        expected: "representations of one type")
    }
    for (name, own, other) in [
      ("low_rank_dimension", spec.rank, first.rank), ("latent_dim", spec.latents, first.latents),
    ] {
      guard let own, own != other else { continue }
      throw try spec.field[name].refusal(
        "\(own) in a link",
        expected: "\(other.map(String.init) ?? "none"), as the first of the link has it")
    }
    if let other = spec.parameters.first(where: { own in
      !first.parameters.contains { $0.name == own.name }
    }), !first.parameters.isEmpty {
      throw other.tensor.refusal(
        "a parameter that the first of the link has not", expected: "none: they are shared")
    }
    func named(_ spec: RepresentationSpec) -> [String] {
      spec.parameters.map { "\($0.name)=\($0.tensor.value)" }.sorted()
    }
    guard spec.parameters.isEmpty || named(spec) == named(first) else {
      throw field.refusal(
        "a link with other params", expected: "the params of the first, or none: they are shared")
    }
  }

  private static func check(
    _ spec: RepresentationSpec, _ width: Int?, linkedTo other: Int?
  ) throws(Refusal) {
    guard other != width else { return }
    throw try spec.field["intervention_link_key"].refusal(
      "a link of vectors of \(width ?? 0) with vectors of \(other ?? 0)",
      expected: "representations of one width")
  }

  private static func checkPartition(
    _ spec: RepresentationSpec, _ count: Int?
  ) throws(Refusal) {
    guard let partition = spec.partition, let count else { return }
    for (index, part) in partition.enumerated() {
      guard let outside = part.first(where: { $0 >= count }) else { continue }
      throw try spec.field["subspace_partition"].items()[index].refusal(
        "coordinate \(outside)", expected: "0 to \(count - 1), the coordinates of a vector there")
    }
  }

  /// The first coordinates or the listed ones, or all of them.
  ///
  /// A folder of the reference always holds a number of coordinates, if only that of all units.
  private static func usual(
    _ spec: RepresentationSpec, _ saved: RepresentationSpec.Interchange?, _ count: Int?, width: Int
  ) throws(Refusal) -> Coordinates {
    switch (spec.interchange, saved) {
    case (nil, nil):
      // The reference's usual number is that of the vector's elements, not that of the latents.
      guard let count, spec.type == .jumpReLUAutoencoder else { return .all }
      return .first(width, of: count)
    case (nil, .first(let number)):
      guard let count, spec.type.usesInterchangeCount else { return .all }
      return .first(number, of: count)
    case (nil, .indices(let indices)):
      guard let count, !indices.contains(where: { $0 >= count }) else { return .all }
      return .shared(indices)
    case (let given?, _):
      let field = try spec.field["interchange_dim"]
      switch given {
      case .first(let number):
        if spec.type == .autoencoder {
          throw field.refusal("\(number)", expected: "a list of the latents to exchange")
        }
        guard spec.type.usesInterchangeCount, let count else { return .all }
        guard number <= count else {
          throw field.refusal("\(number)", expected: "1 to \(count), the coordinates of a vector")
        }
        return .first(number, of: count)
      case .indices(let indices):
        guard let count, spec.type == .autoencoder else {
          throw field.refusal("a list", expected: "the number of first coordinates to exchange")
        }
        if let outside = indices.first(where: { $0 >= count }) {
          throw field.refusal("latent \(outside)", expected: "0 to \(count - 1)")
        }
        return .shared(indices)
      }
    }
  }
}
