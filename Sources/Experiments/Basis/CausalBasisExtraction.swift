public import Cluster
public import Inputs
public import Models
public import Tensors

/// Finds the directions of activations that matter most to a model's logits, or to a lens's.
///
/// Direction after direction, each orthogonal to those before, the one is looked for whose ablation
/// moves the distribution over tokens most. All ranks do it together: each ablates the activations
/// of its own texts, energies and gradients are added in one fixed order, and so every rank takes
/// the same steps and finds the same bits, on any number of ranks.
///
/// Belrose et al., 2023, <https://arxiv.org/abs/2303.08112>, section 4.1.
public struct CausalBasisExtraction {
  private let settings: CausalBasisSettings
  private let layers: [Int]
  private let stop: StopSignal
  private var hidden: HiddenStates
  private let gram: Tensor<Double>?
  let numbering: BasisUnit.Numbering

  /// - Parameters:
  ///   - texts: Token ids of each text, which the model can be run on.
  ///   - site: Where activations are ablated; a lens takes those of `blockInput` alone.
  ///   - layers: In rising order.
  ///   - memory: Bytes that logits without ablation may take on this rank.
  /// - Throws: Where a text is empty, where a lens does not fit model or site, where there are more
  ///   directions than the site is wide, or too few activations for the mode.
  public init(
    _ model: DecoderModel<Float>, _ lens: HiddenLens, texts: [[Int]], site: Site, layers: [Int],
    _ settings: CausalBasisSettings, on communicator: Communicator, threads: Int = 1,
    memory: Int = 1 << 30, stop: StopSignal = StopSignal()
  ) throws(Refusal) {
    let limits = BasisLimits(
      shape: model.shape, site: site, lens: lens, lengths: texts.map(\.count))
    try limits.check(settings)
    (self.settings, self.layers, self.stop) = (settings, layers, stop)
    let microbatches = HiddenStates.microbatches(texts, settings)
    let sums = ContributionSum(count: microbatches.count, threads: threads, on: communicator)
    hidden = HiddenStates(
      model, lens, site, settings, microbatches, sums, memory: memory)
    gram = model.width(of: site) == model.shape.width ? model.headGram : nil
    numbering = BasisUnit.Numbering(layers: layers, settings)
  }

  /// The basis of each layer. Collective; the same bits on every rank.
  public mutating func bases() throws -> [CausalBasis] {
    try bases(known: { _ in nil }, found: { _, _, _ in })
  }

  /// The basis of each layer, going on from units that are known.
  ///
  /// - Parameters:
  ///   - known: The result of a unit of an earlier start; the same on all ranks.
  ///   - found: Takes each new result, with the seconds it took.
  /// - Throws: `LayerStates.Stopped` on all ranks, once any was asked to stop.
  mutating func bases(
    known: (Int) -> BasisResult?,
    found: (Int, BasisResult, Double) throws(Refusal) -> Void
  ) throws -> [CausalBasis] {
    var bases: [CausalBasis] = []
    for layer in layers {
      let work = LayerBasis(
        layer: layer, settings: settings, stop: stop,
        starts: StartDirections(
          hidden.lens, width: hidden.width, layer: layer, count: settings.directions, gram: gram,
          seed: settings.seed))
      var states: LayerStates?
      let clock = ContinuousClock()
      bases.append(
        try work.basis { unit, compute in
          let number = numbering.number(of: unit)
          if let result = known(number) { return result }
          let here = try states ?? hidden.states(at: layer)
          states = here
          let start = clock.now
          let result = try compute(here)
          try found(number, result, start.duration(to: clock.now) / .seconds(1))
          return result
        })
    }
    return bases
  }
}

extension HiddenStates {
  var width: Int { model.width(of: site) }
}

/// The search for one layer's basis, unit by unit.
struct LayerBasis {
  let layer: Int
  let settings: CausalBasisSettings
  let stop: StopSignal
  let starts: StartDirections

  /// Gives the result of a unit: known, or computed from the layer's activations.
  typealias Run = (BasisUnit, (LayerStates) throws -> BasisResult) throws -> BasisResult

  func basis(_ run: Run) throws -> CausalBasis {
    var directions: [DirectionSearch.Found] = []
    for number in 0..<settings.directions {
      let search = DirectionSearch(settings.search, after: directions.map(\.vector))
      var best: DirectionSearch.Found?
      for restart in 0..<settings.restarts {
        let unit = BasisUnit.search(layer: layer, direction: number, restart: restart)
        let result = try run(unit) { states in
          .direction(
            try search.climb(fromBestOf: starts(for: search, number, restart, states)) { v in
              try states.energy(of: v, count: 1, withGradient: true, stop: stop)
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
    let curve = try run(.curve(layer: layer)) { states in
      let random = randomDirections(directions.count)
      var (own, others): ([Double], [Double]) = ([], [])
      func energy(_ first: [Float], _ count: Int) throws -> Double {
        try states.energy(of: first, count: count, withGradient: false, stop: stop).energy
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
  ) throws(Refusal) -> [[Double]] {
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
