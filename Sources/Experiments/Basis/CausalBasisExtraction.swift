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
        layer: layer, settings: settings, numbering: numbering, width: hidden.width,
        starts: StartDirections(
          hidden.lens, width: hidden.width, layer: layer, count: settings.directions, gram: gram,
          seed: settings.seed))
      var states: LayerStates?
      let (stop, clock) = (stop, ContinuousClock())
      bases.append(
        try work.basis { unit, compute in
          let number = numbering.number(of: unit)
          if let result = known(number) { return result }
          let here = try states ?? hidden.states(at: layer)
          states = here
          let start = clock.now
          let result = try compute { directions, count, withGradient in
            try here.energy(of: directions, count: count, withGradient: withGradient, stop: stop)
          }
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
  let numbering: BasisUnit.Numbering
  let width: Int
  let starts: StartDirections

  /// The energy of directions ablated together, and its gradient if wanted.
  typealias Energy = (
    _ directions: [Float], _ count: Int, _ withGradient: Bool
  ) throws -> (energy: Double, gradient: [Double])
  /// Gives the result of a unit: known, or computed with the energies that it is handed.
  typealias Run = (BasisUnit, (Energy) throws -> BasisResult) throws -> BasisResult

  func basis(_ run: Run) throws -> CausalBasis {
    var directions: [DirectionSearch.Found] = []
    for number in 0..<settings.directions {
      let search = DirectionSearch(settings.search, after: directions.map(\.vector))
      var best: DirectionSearch.Found?
      for restart in 0..<settings.restarts {
        let unit = BasisUnit.search(layer: layer, direction: number, restart: restart)
        let result = try run(unit) { energy in
          .direction(
            try search.climb(from: start(search, number, restart)) { v in
              try energy(v, 1, true)
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
    let curve = try run(.curve(layer: layer)) { energy in
      let random = randomDirections(directions.count)
      var (own, others): ([Double], [Double]) = ([], [])
      for count in 1...directions.count {
        own.append(
          try energy(directions[..<count].flatMap(\.vector), count, false).energy)
        others.append(try energy(random[..<count].flatMap(\.self), count, false).energy)
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

  /// A start outside the span of the directions before: another one where the first choice is not.
  private func start(_ search: DirectionSearch, _ direction: Int, _ restart: Int) -> [Double] {
    var start = starts.start(layer: layer, direction: direction, restart: restart)
    var attempt = settings.restarts
    while search.unit(start) == nil {
      start = starts.random(layer: layer, direction, restart + attempt)
      attempt += settings.restarts
    }
    return start
  }

  /// Orthonormal directions that have nothing to do with the model.
  private func randomDirections(_ count: Int) -> [[Float]] {
    var directions: [[Float]] = []
    var attempt = 0
    while directions.count < count {
      let random = starts.random(layer: layer, attempt, Int(UInt32.max))
      if let unit = DirectionSearch(settings.search, after: directions).unit(random) {
        directions.append(unit.map(Float.init))
      }
      attempt += 1
    }
    return directions
  }
}
