internal import Inputs
internal import Interventions
internal import JobFiles
internal import Models

/// A swept site in a model: its cells, numbered row-major over its axes, positions last.
struct SweepGrid: Sendable, Codable {
  /// Layers of a model, or nil of a list of units.
  let layers: [Int]?
  /// Heads or neurons, where they are chosen by themselves.
  let coordinates: [Int]?
  /// Pairs of a layer and a head or neuron, where the job lists them.
  let units: [[Int]]?
  /// Positions by prompt: of each cell along the position axis those that are replaced, in the run
  /// that is changed, and where the values come from in the other.
  let places: [[Place]]

  struct Place: Sendable, Codable, Equatable {
    let positions: [Int]
    let sources: [Int]
  }

  /// Cells along the position axis, of the prompt that has most.
  var positionCount: Int { places.map(\.count).max() ?? 0 }
}

extension SweepGrid {
  /// Resolves a swept site.
  ///
  /// - Parameter places: Of each prompt, resolved.
  init(
    _ item: SweptSite, _ shape: DecoderShape, model: String, places: [[Place]]
  ) throws(Refusal) {
    let count = shape.heads(of: item.site) ?? shape.width(of: item.site)
    guard shape.has(item.site) else {
      throw item.place.member("site").refusal(
        item.site.rawValue,
        expected: "a site that \(escaped(model)) has: causeway sites lists them")
    }
    layers = try item.layers?.resolve(count: shape.layers, of: model)
    coordinates = try (item.heads ?? item.neurons)?.resolve(count: count, of: model)
    units = item.units
    for (number, unit) in (item.units ?? []).enumerated()
    where unit[0] >= shape.layers || unit[1] >= count {
      throw item.place.member("units").item(number).refusal(
        "\(unit)", expected: "a layer below \(shape.layers) and a number below \(count)")
    }
    if item.combine == .pairs, units?.count ?? 0 < 2 {
      throw item.place.member("units").refusal(
        "\(units?.count ?? 0) unit", expected: "at least two for combine = \"pairs\"")
    }
    self.places = places
  }

  /// What cells along the axis of units are called, such as `3.7` or `3.7+4.1`; nil without that axis.
  func unitNames(_ item: SweptSite) -> [String]? {
    guard let names = units?.map({ "\($0[0]).\($0[1])" }) else { return nil }
    switch item.combine {
    case .each: return names
    case .together: return nil
    case .pairs:
      return names.indices.flatMap { first in
        names[(first + 1)...].map { "\(names[first])+\($0)" }
      }
    }
  }

  /// The axes before positions: layers and coordinates, or units.
  func outerAxes(_ item: SweptSite) -> [Axis] {
    if let units {
      switch item.combine {
      case .each: return [Axis("unit", units.count)]
      case .together: return []
      case .pairs: return [Axis("unit_pair", units.count * (units.count - 1) / 2)]
      }
    }
    let name = item.heads != nil ? "head" : "neuron"
    return [Axis("layer", layers?.count ?? 0)]
      + (coordinates.map { [Axis(name, $0.count)] } ?? [])
  }

  func axes(_ item: SweptSite) -> [Axis] {
    outerAxes(item) + (item.eachPosition ? [Axis("position", positionCount)] : [])
  }

  /// What the places along an item's position axis are called: by their names, else by the number that
  /// they have in all prompts, from the start or from the end; a place that has none, by its own (#0).
  ///
  /// - Parameter lengths: Of the prompts, in tokens.
  func placeLabels(_ item: SweptSite, lengths: [Int]) -> [String] {
    item.placeNames
      ?? (0..<positionCount).map { number in
        let found = zip(places, lengths).compactMap { list, length in
          number < list.count ? list[number].positions.first.map { ($0, $0 - length) } : nil
        }
        guard let first = found.first else { return "#\(number)" }
        if found.allSatisfy({ $0.0 == first.0 }) { return "\(first.0)" }
        return found.allSatisfy { $0.1 == first.1 } ? "\(first.1)" : "#\(number)"
      }
  }

  func cellCount(_ item: SweptSite) -> Int { axes(item).reduce(1) { $0 * $1.count } }

  /// The layers that any cell replaces something in, in rising order, and the heads or neurons of them
  /// that it does; none where whole values are replaced.
  func replaced(_ item: SweptSite, layerCount: Int) -> (layers: [Int], coordinates: [Int]) {
    let parts = (0..<cellCount(item)).flatMap { cell($0, item, layerCount: layerCount).parts }
    return (
      Set(parts.flatMap(\.layers)).sorted(), Set(parts.compactMap(\.coordinate)).sorted()
    )
  }

  /// What a cell replaces: layers, each with its heads or neurons; and its place along positions.
  func cell(_ number: Int, _ item: SweptSite, layerCount: Int) -> SweepCell {
    let places = item.eachPosition ? positionCount : 1
    let (outer, place) = number.quotientAndRemainder(dividingBy: max(1, places))
    if let units {
      let chosen: [[Int]]
      switch item.combine {
      case .each: chosen = [units[outer]]
      case .together: chosen = units
      case .pairs:
        var (first, rest) = (0, outer)
        while rest >= units.count - 1 - first {
          (first, rest) = (first + 1, rest - (units.count - 1 - first))
        }
        chosen = [units[first], units[first + 1 + rest]]
      }
      return SweepCell(parts: chosen.map { ($0[0]..<$0[0] + 1, $0[1]) }, place: place)
    }
    let width = coordinates?.count ?? 1
    let (row, column) = outer.quotientAndRemainder(dividingBy: width)
    let layer = layers?[row] ?? 0
    let window =
      max(0, layer - item.window / 2)..<min(layerCount, layer + (item.window + 1) / 2)
    return SweepCell(parts: [(window, coordinates?[column])], place: place)
  }
}

/// One cell of a sweep.
struct SweepCell: Sendable {
  /// Layers that are replaced together, with a head or neuron; nil: the whole value.
  let parts: [(layers: Range<Int>, coordinate: Int?)]
  /// Along the position axis.
  let place: Int

  /// The changed run.
  ///
  /// - Parameters:
  ///   - value: What is written at a site, layer by layer where that differs.
  func patch<Failure: Error>(
    base: Int, _ item: SweptSite, _ place: SweepGrid.Place, subspace: PatchSubspace?,
    value: (_ layer: Int, _ coordinate: Int?, _ place: SweepGrid.Place) throws(Failure) ->
      PatchValue?
  ) throws(Failure) -> Patch {
    var touches: [Touch] = []
    for part in parts {
      let coordinates: PatchCoordinates =
        if let subspace { .subspace(subspace) } else if let number = part.coordinate {
          item.site.isSplitIntoHeads || item.site == .attentionWeight
            ? .heads([number]) : .columns([number])
        } else { .all }
      for layer in part.layers {
        guard let value = try value(layer, part.coordinate, place) else { continue }
        touches.append(
          Touch(
            item.site, layers: layer..<layer + 1, positions: place.positions, value,
            at: coordinates))
      }
    }
    return Patch(base: base, touches)
  }
}

extension SweepOutline {
  /// The layers that items replace something in, by site, not split into heads.
  func layers(of items: [SweptSite]) -> [Site: [Int]] {
    var found: [Site: Set<Int>] = [:]
    for (item, grid) in zip(items, grids) {
      found[item.site.unsplit, default: []].formUnion(
        grid.replaced(item, layerCount: layers).layers)
    }
    return found.mapValues { $0.sorted() }
  }
}
