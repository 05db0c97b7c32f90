internal import Inputs

/// The search for one layer's basis, unit by unit.
struct LayerBasis {
  let layer: Int
  let settings: CausalBasisSettings
  /// Nil where every unit is known.
  let starts: StartDirections?

  /// Gives the result of a unit: known, or computed from the layer's activations.
  typealias Run = (BasisUnit, (LayerStates, EvaluationLog) throws -> BasisResult) throws ->
    BasisResult

  func basis(_ run: Run) throws -> CausalBasis {
    var directions: [DirectionSearch.Found] = []
    for number in 0..<settings.directions {
      let search = DirectionSearch(settings.search, after: directions.map(\.vector))
      var best: DirectionSearch.Found?
      for restart in 0..<settings.restarts {
        let unit = BasisUnit.search(layer: layer, direction: number, restart: restart)
        let result = try run(unit) { states, log in
          .direction(
            try search.climb(fromBestOf: starts(for: search, number, restart, states)) { v in
              try log.value(at: v) {
                try states.energy(of: v, count: 1, withGradient: true)
              }
            })
        }
        guard case .direction(let found) = result else { continue }
        if best.map({ found.energy > $0.energy }) ?? true { best = found }
      }
      guard let best else { break }
      directions.append(best)
      if best.energy < settings.minimumEnergy { break }
    }
    // Sorting is stable: of equals the one found first stays first.
    directions.sort { $0.energy > $1.energy }
    let curve = try run(.curve(layer: layer)) { states, log in
      let random = randomDirections(directions.count)
      var (own, others): ([Double], [Double]) = ([], [])
      func energy(_ first: [Float], _ count: Int) throws -> Double {
        try log.value(at: first) {
          try states.energy(of: first, count: count, withGradient: false)
        }.energy
      }
      for count in 1...directions.count {
        own.append(try energy(directions[..<count].flatMap(\.vector), count))
        others.append(try energy(random[..<count].flatMap(\.self), count))
      }
      return .curve(own: own, random: others)
    }
    guard case .curve(let own, let random) = curve else {
      preconditionFailure("a curve that is a direction")
    }
    return CausalBasis(
      layer: layer, vectors: directions.map(\.vector), energies: directions.map(\.energy),
      curve: own, randomCurve: random)
  }

  /// The starts of one search, outside the span of the directions before: that of the readout at
  /// first, else random ones.
  private func starts(
    for search: DirectionSearch, _ direction: Int, _ restart: Int, _ states: LayerStates
  ) throws -> [[Double]] {
    guard let starts else { preconditionFailure("a search without starts") }
    let count = restart == 0 ? 1 : settings.search.candidates
    var found: [[Double]] = []
    for candidate in 0..<count {
      let place = StartDirections.Place(
        layer: layer, direction: direction, restart: restart, candidate: candidate)
      var start = starts.start(at: place)
      if let row = starts.row(at: place, of: states.rowCount) {
        start = try states.change(ofRow: row)
      }
      if search.unit(start) == nil {
        start = starts.random(layer: layer) { search.unit($0) != nil }
      }
      found.append(start)
    }
    return found
  }

  /// Orthonormal directions that have nothing to do with the model.
  private func randomDirections(_ count: Int) -> [[Float]] {
    guard let starts else { preconditionFailure("random directions without a seed") }
    var directions: [[Float]] = []
    while directions.count < count {
      let search = DirectionSearch(settings.search, after: directions)
      // Each draw is another one, as those before lie in the span.
      let random = starts.random(layer: layer) { search.unit($0) != nil }
      if let unit = search.unit(random) { directions.append(unit.map(Float.init)) }
    }
    return directions
  }
}
