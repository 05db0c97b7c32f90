internal import Inputs
internal import JobFiles
internal import Models
internal import Randomness
internal import Tensors

/// Reads what a specification's set-up is applied to, and checks it against the model.
struct SpecCall {
  /// The specification's own fields, which batches of a training fall back on.
  let document: CallFields
  let setup: SpecSetup
  let inputs: SpecInputs
  let tensors: SpecTensors
  /// Whether places are those of one new token, not of the base.
  var isOfNewTokens = false

  /// - Parameter place: Where `base` and `sources` stand: the document, or a batch of training.
  func callAsFunction(_ place: CallFields) throws(Refusal) -> InterventionCall<Float> {
    guard let given = place.base else { preconditionFailure("a call without a base") }
    let base = try inputs(given)
    let sources = try sources(place)
    let entries = setup.setup.entries
    let reading = UnitLocationsReading(
      entries: try self.entries(place, base, sources), examples: base.lengths.count)
    let locations = place.locations ?? document.locations
    var sides: [(source: UnitPlaces?, base: UnitPlaces)]
    if setup.setup.mode == .serial {
      sides = try reading.serial(locations, groups: entries.map(\.group)).map {
        ($0.source, $0.base)
      }
    } else {
      sides = try reading.parallel(locations)
    }
    let widths = entries.map { $0.grid.blockWidth ?? .max }
    let subspacesField = place.subspaces ?? document.subspaces
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
    let values = try self.given(place)
    var call = InterventionCall(base: base, sources: sources, places: [])
    func constant(_ index: Int) -> InterventionCall<Float>.Given? {
      // A step of a serial run whose source is null is left out with the constants of its types.
      let isLeftOut = setup.setup.mode == .serial && call.isNull(entries[index].group)
      if isLeftOut, values[index] == nil { return nil }
      return setup.given[index] ?? values[index]
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

  /// What places are read by, with the padding that they count.
  private func entries(
    _ place: CallFields, _ base: ModelInputs<Float>, _ sources: [ModelInputs<Float>?]
  ) throws(Refusal) -> [UnitLocationsReading.Entry] {
    let before = isOfNewTokens ? [] : try inputs.paddingBefore(place.base)
    let count = setup.setup.groupCount
    var ofSources: [[Int]] = []
    switch place.sources {
    case nil: break
    case .all(let one):
      ofSources = Array(repeating: try inputs.paddingBefore(one), count: count)
    case .each(let items):
      for item in items { ofSources.append(try inputs.paddingBefore(item)) }
      if items.count == 1 { ofSources = Array(repeating: ofSources[0], count: count) }
    }
    return setup.setup.entries.indices.map { index in
      let group = setup.setup.entries[index].group
      func padding(_ group: Int) -> [Int] {
        ofSources.indices.contains(group) ? ofSources[group] : []
      }
      let isLast = setup.setup.mode == .parallel || group == count - 1
      var entry = entry(index, base, sources)
      entry.paddingBefore = (padding(group), isLast ? before : padding(group + 1))
      return entry
    }
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

  private func sources(_ place: CallFields) throws(Refusal) -> [ModelInputs<Float>?] {
    let count = setup.setup.groupCount
    switch place.sources {
    case nil:
      // Values that are given for some interventions leave out the others.
      let isGiven = (place.given ?? document.given) != nil
      let isPartial = isGiven && setup.setup.mode == .parallel
      return isPartial ? Array(repeating: nil, count: count) : []
    case .all(let one): return Array(repeating: try inputs(one), count: count)
    case .each(let items):
      guard items.count == count || items.count == 1 else {
        throw place.place.member("sources").refusal(
          "\(items.count) sources",
          expected: "\(count), one for each group of interventions, or one for all")
      }
      var sources: [ModelInputs<Float>?] = []
      for item in items {
        sources.append(try item.map { (item) throws(Refusal) in try inputs(item) })
      }
      return items.count == count ? sources : Array(repeating: sources[0], count: count)
    }
  }

  /// What `source_representations` gives, by entry.
  private func given(_ place: CallFields) throws(Refusal) -> [InterventionCall<Float>.Given?] {
    let keys = setup.setup.entries.map(\.key)
    var given = [InterventionCall<Float>.Given?](repeating: nil, count: keys.count)
    guard let field = place.given ?? document.given else { return given }
    func value(_ field: JSONField, _ index: Int) throws(Refusal) -> InterventionCall<Float>.Given {
      let (entry, width) = (setup.setup.entries[index], setup.widths[index].map { [$0] })
      return .init(
        try tensors.floats(field, for: .init(site: entry.site, layer: entry.layer, shape: width)))
    }
    switch field.value {
    case .object where try field.optional("dump") == nil:
      try field.refuseUnknownKeys(known: keys)
      for (key, item) in try field.members() {
        guard let index = keys.firstIndex(of: key), !item.isNull else { continue }
        given[index] = try value(item, index)
      }
    case .array where !field.isListOfNumbers:
      let items = try field.items()
      guard items.count == keys.count else {
        throw field.refusal(
          "\(items.count) values", expected: "\(keys.count), one for each intervention, or null")
      }
      for (index, item) in items.enumerated() where !item.isNull {
        given[index] = try value(item, index)
      }
    default:
      for index in keys.indices
      where setup.setup.intervention(of: index).needsSource && setup.given[index] == nil {
        given[index] = try value(field, index)
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
