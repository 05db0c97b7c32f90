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
    (self.settings, self.layers) = (settings, layers)
    let microbatches = settings.microbatches(texts)
    let sums = ContributionSum(
      count: microbatches.count, threads: threads, on: communicator, stop: stop)
    hidden = HiddenStates(
      LayerStreams(model, microbatches, sums), lens, site, settings, memory: memory)
    gram = model.width(of: site) == model.shape.width ? model.headGram : nil
    numbering = BasisUnit.Numbering(layers: layers, settings)
  }

  /// The basis of each layer. Collective; the same bits on every rank.
  public mutating func bases() throws -> [CausalBasis] {
    try bases(known: { _ in nil }, log: { _ in EvaluationLog() }, found: { _, _, _ in })
  }

  /// The basis of each layer, going on from units that are known.
  ///
  /// - Parameters:
  ///   - known: The result of a unit of an earlier start; the same on all ranks.
  ///   - log: What is known of a unit without a result; the same on all ranks.
  ///   - found: Takes each new result, with the seconds it took.
  /// - Throws: `Stopped` on all ranks, once any was asked to stop.
  mutating func bases(
    known: (Int) -> BasisResult?, log: (Int) throws(Refusal) -> EvaluationLog,
    found: (Int, BasisResult, Double) throws(Refusal) -> Void
  ) throws -> [CausalBasis] {
    var bases: [CausalBasis] = []
    for layer in layers {
      let work = LayerBasis(
        layer: layer, settings: settings,
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
          let log = try log(number)
          let result: BasisResult
          do { result = try compute(here, log) } catch let stop as Stopped {
            try log.keep()
            throw stop
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
