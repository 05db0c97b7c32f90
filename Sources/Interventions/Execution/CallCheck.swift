public import Inputs
internal import Models
internal import Tensors

/// Checks a call against its set-up before anything runs.
struct CallCheck<Scalar: Real> {
  let setup: InterventionSetup<Scalar>
  let call: InterventionCall<Scalar>
  /// The lengths of the examples in whose run an entry of the last group acts.
  let baseLengths: InputLengths

  /// - Parameter entries: Those that act; nil: all.
  func callAsFunction(_ entries: [Int]? = nil) throws(Refusal) {
    guard call.places.count == setup.entries.count else {
      throw Refusal(
        .job, field: "places", found: "places of \(call.places.count) interventions",
        expected: "\(setup.entries.count)")
    }
    for (group, source) in call.sources.enumerated() {
      guard let source, source.extents.count != baseLengths.count else { continue }
      throw Refusal(
        .job, field: "sources[\(group)]", found: "\(source.extents.count) examples",
        expected: "\(baseLengths.count), as many as the base has")
    }
    for index in entries ?? Array(setup.entries.indices) { try check(index) }
  }

  private func refusal(
    _ index: Int, _ field: String, _ found: String, expected: String
  ) -> Refusal {
    let key = setup.entries[index].key
    return Refusal(
      .job, field: "\(field), intervention \(index)" + (key.isEmpty ? "" : " (\(key))"),
      found: found, expected: expected)
  }

  /// The lengths of the run that an entry changes; nil if that run does not take place.
  private func lengths(of entry: InterventionSetup<Scalar>.Entry) -> InputLengths? {
    if setup.mode == .parallel || entry.group == setup.groupCount - 1 { return baseLengths }
    return call.source(of: entry.group + 1)?.extents
  }

  private func check(_ index: Int) throws(Refusal) {
    let entry = setup.entries[index]
    let intervention = setup.interventions[entry.intervention]
    let places = call.places[index]
    guard let all = lengths(of: entry) else { return }
    let lengths = entry.grid.lengths(all)
    try check(places.base, in: lengths, index, side: "base")
    // What reads a source that is null does nothing, so nothing more has to fit.
    if intervention.needsSource, places.given == nil, call.isNull(entry.group) { return }
    guard
      let joined = entry.grid.unitsOfVector(
        places.base, lengths: lengths, joins: intervention.joinsUnits)
    else {
      throw refusal(
        index, "unit_locations", "examples with unequal numbers of units",
        expected: "as many units in each example, since \(intervention.name) joins them")
    }
    if joined == 0 { return }
    let width = joined * entry.grid.width(all)
    do {
      try intervention.check(width: width)
    } catch {
      guard intervention.joinsUnits else {
        throw refusal(index, error.field, error.found, expected: error.expected)
      }
      throw refusal(
        index, "unit_locations",
        "\(joined) units of \(width / joined) elements for \(error.found)",
        expected: "\(error.expected); max_number_of_units says how many units it joins")
    }
    try checkCoordinates(index, width)
    if intervention.needsSource { try checkSource(index, all, joined, width / joined) }
  }

  private func check(
    _ places: UnitPlaces, in lengths: [Int], _ index: Int, side: String
  ) throws(Refusal) {
    let grid = setup.entries[index].grid
    for choice in [places.blocks, places.positions] {
      if case .each(let lists) = choice, lists.count != lengths.count {
        throw refusal(
          index, "unit_locations (\(side))", "places of \(lists.count) examples",
          expected: "\(lengths.count)")
      }
    }
    for (example, length) in lengths.enumerated() {
      let field = "unit_locations (\(side)), example \(example)"
      if let outside = places.positions.numbers(of: example)?.first(where: {
        $0 < 0 || $0 >= length
      }) {
        throw refusal(
          index, field, "position \(Self.written(outside, of: length))",
          expected: "0 to \(length - 1), the positions of the example, or "
            + "-\(length) to -1 from the end")
      }
      if let outside = places.blocks.numbers(of: example)?.first(where: {
        $0 < 0 || $0 >= grid.blockCount
      }) {
        throw refusal(
          index, field, "\(grid.blockName) \(Self.written(outside, of: grid.blockCount))",
          expected: "0 to \(grid.blockCount - 1), those of the site")
      }
    }
  }

  /// A place as it was written: one before the first was counted from the end.
  private static func written(_ place: Int, of count: Int) -> Int {
    place < 0 ? place - count : place
  }

  private func checkCoordinates(_ index: Int, _ width: Int) throws(Refusal) {
    let intervention = setup.intervention(of: index)
    let lists: [[Int]]
    switch call.places[index].coordinates {
    case .all: return
    case .shared(let list): lists = [list]
    case .perVector(let own):
      guard own.count == baseLengths.count else {
        throw refusal(
          index, "subspaces", "subspaces of \(own.count) examples",
          expected: "\(baseLengths.count)")
      }
      lists = own
    }
    guard let count = intervention.coordinateCount(width: width) else {
      throw refusal(
        index, "subspaces", "subspaces", expected: "none: \(intervention.name) chooses by itself")
    }
    if let outside = lists.joined().first(where: { $0 < 0 || $0 >= count }) {
      throw refusal(
        index, "subspaces", "coordinate \(outside)", expected: "0 to \(count - 1)")
    }
    if intervention.isCollecting, Set(lists.map(\.count)).count > 1 {
      throw refusal(
        index, "subspaces", "examples with unequal numbers of coordinates",
        expected: "as many in each example, since they are collected as one tensor")
    }
  }

  private func checkSource(
    _ index: Int, _ all: InputLengths, _ joined: Int, _ blockWidth: Int
  ) throws(Refusal) {
    let (entry, places) = (setup.entries[index], call.places[index])
    let (lengths, images) = (entry.grid.lengths(all), entry.grid.images(all))
    if let given = places.given {
      let grid = setup.intervention(of: index).joinsUnits ? entry.grid.joining : entry.grid
      guard
        grid.units(
          of: given, at: places.base, lengths: lengths, images: images, joined: joined,
          blockWidth: blockWidth) == nil
      else { return }
      let whole = grid.shape(
        of: places.base, lengths: lengths, images: images,
        width: grid.axis == .feature ? joined : blockWidth
      ).map { " or \($0)" }
      throw refusal(
        index, "source_representations", "shape \(given.value.shape)",
        expected: "[\(joined * blockWidth)]\(whole ?? "")")
    }
    guard call.sources.indices.contains(entry.group) else {
      throw refusal(
        index, "sources", "no source",
        expected: "a source, null to leave the intervention out, or source_representations")
    }
    guard let source = call.sources[entry.group] else { return }
    guard let from = places.source else {
      throw refusal(
        index, "unit_locations", "places in the base only",
        expected: "places in the sources too, under sources->base")
    }
    let theirLengths = entry.grid.lengths(source.extents)
    try check(from, in: theirLengths, index, side: "sources")
    for (example, length) in lengths.enumerated() {
      let blocks = entry.grid.blockCount
      let theirs = from.count(
        of: example, length: theirLengths[example], blockCount: blocks)
      let ours = places.base.count(of: example, length: length, blockCount: blocks)
      guard theirs == ours else {
        throw refusal(
          index, "unit_locations, example \(example)", "\(theirs) units in the source",
          expected: "\(ours), as many as in the base")
      }
      let keys = all[entry.grid.keyExtent][example]
      let theirKeys = source.extents[entry.grid.keyExtent][example]
      if entry.grid.blockWidth == nil, theirKeys != keys {
        throw refusal(
          index, "sources, example \(example)", "\(theirKeys) positions",
          expected: "\(keys) as in the base: attention weights are as wide as the context")
      }
    }
  }
}

extension InterventionRun {
  /// Refuses a call that does not fit the set-up, before anything runs.
  public func check(_ call: InterventionCall<Scalar>) throws(Refusal) {
    try CallCheck(setup: setup, call: call, baseLengths: call.base.extents)()
  }
}
