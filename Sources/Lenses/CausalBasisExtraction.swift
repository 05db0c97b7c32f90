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
  /// Of the layer that is worked on.
  private var states: (layer: Int, states: LayerStates)?
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

  /// Takes the streams of texts from where they were stored from now on.
  package mutating func read(from stored: @escaping StoredStreams) { hidden.stored = stored }

  /// The basis of each layer. Collective; the same bits on every rank.
  public mutating func bases() throws -> [CausalBasis] {
    var known: [Int: BasisResult] = [:]
    var bases: [CausalBasis] = []
    for layer in layers {
      while true {
        let progress = BasisLayer.progress(layer, numbering, settings) { known[$0] }
        guard case .waits(for: let unit) = progress else {
          if case .whole(let whole) = progress { bases.append(whole.basis) }
          break
        }
        known[unit] = try result(of: unit, known: { known[$0] }, log: EvaluationLog())
      }
    }
    return bases
  }

  /// The result of a unit, those before it being known. Collective; units of a layer follow those of
  /// the layers below it.
  ///
  /// - Parameters:
  ///   - known: The result of a unit; the same on all ranks.
  ///   - log: What is known of this one; the same on all ranks.
  /// - Throws: `Stopped` on all ranks, once any was asked to stop.
  package mutating func result(
    of number: Int, known: (Int) -> BasisResult?, log: EvaluationLog
  ) throws -> BasisResult {
    struct Found: Error { let result: BasisResult }
    let layer = numbering[number]?.layer ?? 0
    let work = work(of: layer)
    do {
      _ = try work.basis { unit, compute in
        let other = numbering.number(of: unit)
        if other != number, let result = known(other) { return result }
        guard other == number else {
          throw Refusal(
            .store, field: "unit \(number)", found: "no result of unit \(other) before it",
            expected: "one")
        }
        let here: LayerStates
        if let states, states.layer == layer {
          here = states.states
        } else {
          here = try hidden.states(at: layer)
          states = (layer, here)
        }
        do {
          throw Found(result: try compute(here, log))
        } catch let stop as Stopped {
          try log.keep()
          throw stop
        }
      }
    } catch let found as Found { return found.result }
    preconditionFailure("unit \(number) is none of its layer's")
  }

  private func work(of layer: Int) -> LayerBasis {
    LayerBasis(
      layer: layer, settings: settings,
      starts: StartDirections(
        hidden.lens, width: hidden.width, layer: layer, count: settings.directions, gram: gram,
        seed: settings.seed))
  }
}

extension HiddenStates {
  var width: Int { model.width(of: site) }
}
