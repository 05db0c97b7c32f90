internal import Inputs
internal import Models
internal import Randomness
internal import Tensors

/// Reads what a specification's set-up is applied to, and checks it against the model.
struct SpecCall {
  let document: JSONField
  let setup: SpecSetup
  let inputs: SpecInputs
  let tensors: SpecTensors?
  /// Whether places are those of one new token, not of the base.
  var isOfNewTokens = false

  /// - Parameter place: Where `base` and `sources` stand: the document, or a batch of training.
  func callAsFunction(_ place: JSONField) throws(Refusal) -> InterventionCall<Float> {
    let base = try inputs(place["base"])
    let sources = try sources(place)
    let entries = setup.setup.entries
    let reading = UnitLocationsReading(
      entries: entries.indices.map { entry($0, base, sources) }, examples: base.lengths.count)
    let locations = try own(place, "unit_locations")
    var sides: [(source: UnitPlaces?, base: UnitPlaces)]
    if setup.setup.mode == .serial {
      sides = try reading.serial(locations, groups: entries.map(\.group)).map {
        ($0.source, $0.base)
      }
    } else {
      sides = try reading.parallel(locations)
    }
    let widths = entries.map { $0.grid.blockWidth ?? .max }
    let subspacesField = try own(place, "subspaces")
    let reader = SubspacesReading(
      examples: base.lengths.count, representations: setup.representations,
      counts: zip(entries.indices, widths).map { index, width in
        let spec = setup.representations[index]
        let units = spec.type.joinsUnits && !spec.keepsLastDimension ? spec.maxUnits : 1
        let (total, overflow) = width.multipliedReportingOverflow(by: units)
        return setup.setup.intervention(of: index).coordinateCount(
          width: overflow ? .max : total)
      })
    let subspaces = try reader(subspacesField)
    let numbers = try reader.numbers(
      subspacesField,
      known: entries.indices.map {
        (setup.setup.intervention(of: $0) as? Expression<Float>)?.numberNames ?? []
      })
    let given = try given(place)
    var call = InterventionCall(base: base, sources: sources, places: [])
    func constant(_ index: Int) -> InterventionCall<Float>.Given? {
      // A step of a serial run whose source is null is left out with the constants of its types.
      let isLeftOut = setup.setup.mode == .serial && call.isNull(entries[index].group)
      if isLeftOut, given[index] == nil { return nil }
      return setup.given[index] ?? given[index]
        ?? drawn(index, sides[index].base, base.extents)
    }
    for index in entries.indices {
      call.places.append(
        InterventionCall.Places(
          source: sides[index].source, base: sides[index].base,
          coordinates: subspaces[index] ?? setup.usual[index],
          given: constant(index)))
      call.places[index].numbers = numbers[index]
    }
    return call
  }

  /// A field of a batch, or where it has none the document's.
  private func own(_ place: JSONField, _ key: String) throws(Refusal) -> JSONField? {
    if let field = try place.optional(key) { return field }
    return try document.optional(key)
  }

  /// What an entry's places are read by.
  private func entry(
    _ index: Int, _ base: ModelInputs<Float>, _ sources: [ModelInputs<Float>?]
  ) -> UnitLocationsReading.Entry {
    let entry = setup.setup.entries[index]
    func lengths(_ group: Int) -> InputLengths? {
      sources.indices.contains(group) ? sources[group]?.extents : nil
    }
    let own = isOfNewTokens ? InputLengths(base.lengths.map { _ in 1 }) : base.extents
    let isLast = setup.setup.mode == .parallel || entry.group == setup.setup.groupCount - 1
    return UnitLocationsReading.Entry(
      grid: entry.grid, source: lengths(entry.group),
      base: isLast ? own : lengths(entry.group + 1) ?? own)
  }

  private func sources(_ place: JSONField) throws(Refusal) -> [ModelInputs<Float>?] {
    guard let field = try place.optional("sources") else {
      // Values that are given for some interventions leave out the others.
      let isGiven = try own(place, "source_representations") != nil
      let isPartial = isGiven && setup.setup.mode == .parallel
      return isPartial ? Array(repeating: nil, count: setup.setup.groupCount) : []
    }
    guard case .array = field.value else {
      return Array(repeating: try inputs(field), count: setup.setup.groupCount)
    }
    let items = try field.items()
    let count = setup.setup.groupCount
    guard items.count == count || items.count == 1 else {
      throw field.refusal(
        "\(items.count) sources",
        expected: "\(count), one for each group of interventions, or one for all")
    }
    var sources: [ModelInputs<Float>?] = []
    for item in items { sources.append(item.isNull ? nil : try inputs(item)) }
    return items.count == count ? sources : Array(repeating: sources[0], count: count)
  }

  /// What `source_representations` gives, by entry.
  private func given(_ place: JSONField) throws(Refusal) -> [InterventionCall<Float>.Given?] {
    let keys = setup.setup.entries.map(\.key)
    var given = [InterventionCall<Float>.Given?](repeating: nil, count: keys.count)
    guard let field = try own(place, "source_representations") else { return given }
    guard let tensors else {
      throw field.refusal("the name of a tensor", expected: "a tensor file")
    }
    switch field.value {
    case .object:
      try field.refuseUnknownKeys(known: keys)
      for (key, item) in try field.members() {
        guard let index = keys.firstIndex(of: key), !item.isNull else { continue }
        given[index] = .init(try tensors.floats(item))
      }
    case .array:
      let items = try field.items()
      guard items.count == keys.count else {
        throw field.refusal(
          "\(items.count) values", expected: "\(keys.count), one for each intervention, or null")
      }
      for (index, item) in items.enumerated() where !item.isNull {
        given[index] = .init(try tensors.floats(item))
      }
    default:
      let value = InterventionCall.Given(try tensors.floats(field))
      for index in keys.indices
      where setup.setup.intervention(of: index).needsSource && setup.given[index] == nil {
        given[index] = value
      }
    }
    for index in keys.indices
    where given[index] != nil && !setup.setup.intervention(of: index).needsSource {
      throw field.refusal(
        "a value for \(keys[index])", expected: "none: its type takes no source")
    }
    return given
  }

  /// Noise of an intervention that draws its own: the same for every example.
  private func drawn(
    _ index: Int, _ places: UnitPlaces, _ all: InputLengths
  ) -> InterventionCall<Float>.Given? {
    guard let (seed, width) = setup.noise[index] else { return nil }
    let grid = setup.setup.entries[index].grid
    let lengths = grid.lengths(all)
    guard let length = lengths.first,
      let shape = grid.shape(
        of: places, lengths: lengths, images: grid.images(all), width: width)
    else { return nil }
    let count = places.count(of: 0, length: length, blockCount: grid.blockCount)
    let (total, overflow) = count.multipliedReportingOverflow(by: width)
    guard !overflow, total <= 1 << 30 else { return nil }
    var draws = NumPyRandomState(seed: seed)
    let values = (0..<total).map { _ in Float(draws.normal()) }
    return .init(Tensor([1] + shape.dropFirst(), values), repeatsOverExamples: true)
  }
}
