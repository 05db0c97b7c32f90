internal import Autodiff
internal import Cluster
internal import Inputs
package import Interventions
internal import Models
internal import Randomness
internal import Tensors

/// How the translators of a tuned lens are trained; every field changes their numbers.
package struct LensSettings: Sendable, Equatable {
  package enum Algorithm: String, CaseIterable, Sendable { case sgd, adam }

  package var algorithm = Algorithm.sgd
  package var rate = 1.0
  /// Of gradient descent, which looks ahead by it.
  package var momentum = 0.9
  package var weightDecay = 1e-3
  package var steps = 250
  /// Microbatches of a step.
  package var batch = 8
  /// The largest norm of a layer's gradient; nil: any.
  package var clip: Double? = 1
  /// Steps over which the rate rises, before it falls to zero.
  package var warmUp = 0
  package var hasBias = true
  package var seed: UInt64 = 0
  /// Tokens that go through the model together, at most, unless one text has more.
  package var microbatchRows = 128
  /// The first tokens of each text that do not count.
  package var skippedPositions = 0

  package init() {}

  package func microbatches(_ texts: [[Int]]) -> TextMicrobatches {
    TextMicrobatches(texts, rows: microbatchRows, skipping: skippedPositions)
  }

  /// Steps in which each microbatch is read once.
  package func stepsOfEpoch(_ texts: TextMicrobatches) -> Int {
    max(1, (texts.count + batch - 1) / batch)
  }
}

/// Trains translators, one layer after another, each on all ranks.
///
/// A translator's logits are to be the model's own: the loss is the mean over tokens of KL(p ‖ q),
/// with p of the model and q of the lens. Belrose et al., 2023,
/// <https://arxiv.org/abs/2303.08112>, equation 9. The gradient of each layer is clipped by itself,
/// where the published program clips those of all layers together.
package struct LensTraining {
  package let settings: LensSettings
  private let model: DecoderModel<Float>
  private let texts: TextMicrobatches
  private let sums: ContributionSum
  private var streams: LayerStreams
  /// What the model's own logits come from, of this rank's microbatches.
  private let last: LayerStreams

  package init(_ streams: LayerStreams, _ settings: LensSettings) {
    (self.streams, self.settings) = (streams, settings)
    (model, texts, sums) = (streams.model, streams.texts, streams.sums)
    var last = streams
    last.advance(to: model.shape.layers)
    self.last = last
  }

  /// The parameters of a translator, in the optimiser's order.
  private var names: [String] { settings.hasBias ? ["weight", "bias"] : ["weight"] }

  /// A translator's training before its first step, from the logit lens.
  package var start: TrainingState {
    let width = model.shape.width
    var parameters = ["weight": Tensor<Float>(zeros: [width, width])]
    if settings.hasBias { parameters["bias"] = Tensor(zeros: [width]) }
    let group = ParameterGroup(
      count: parameters.count, rate: settings.rate, weightDecay: settings.weightDecay)
    let optimizer: any Optimizer<Float> =
      switch settings.algorithm {
      case .sgd:
        GradientDescent<Float>(
          [group], momentum: settings.momentum, nesterov: settings.momentum > 0)
      case .adam: Adam<Float>([group])
      }
    return TrainingState(
      [parameters], moving: names.map { .init(intervention: 0, name: $0) }, by: optimizer)
  }

  /// Trains the translator of a layer, which is no lower than the last one. Collective; the same
  /// bits on every rank, on any number of ranks.
  ///
  /// - Parameters:
  ///   - start: Of `start`, or of an earlier start.
  ///   - advanced: Is told of the state after each step.
  ///   - stopped: Is told of the state where a stop was asked for.
  /// - Throws: `Stopped` on all ranks, once any was asked to stop.
  package mutating func train(
    layer: Int, from start: TrainingState, advanced: (TrainingState) throws -> Void = { _ in },
    stopped: (TrainingState) throws -> Void = { _ in }
  ) throws -> LensResult {
    streams.advance(to: layer)
    let schedule = RateSchedule.linear(warmUp: settings.warmUp, total: settings.steps)
    var trainer = Trainer(steps: settings.steps, factor: schedule.factor)
    trainer.clip = settings.clip ?? .infinity
    trainer.evaluatesStart = true
    return try trainer.run(
      LayerTask(training: self, layer: layer), from: start, advanced: advanced, stopped: stopped)
  }

  /// The training of one layer's translator.
  private struct LayerTask: TrainingTask {
    let training: LensTraining
    let layer: Int

    private func parameters(_ all: TrainingState.Parameters) -> [Tensor<Float>] {
      training.names.compactMap { all[0][$0] }
    }

    private var all: [Int] { Array(0..<training.texts.count) }

    func gradients(
      at parameters: TrainingState.Parameters, step: Int
    ) throws -> (loss: Float, gradients: [Tensor<Float>?]) {
      let (loss, gradients) = try training.loss(
        self.parameters(parameters), training.batch(step), layer, step: step, withGradient: true)
      return (loss, gradients)
    }

    func evaluation(
      of parameters: TrainingState.Parameters, after step: Int
    ) throws -> TrainingHistory.Evaluation? {
      .init(
        step: step,
        loss: try training.loss(self.parameters(parameters), all, layer, withGradient: false).loss)
    }

    func outcome(of state: TrainingState) throws -> LensResult {
      let trained = parameters(state.parameters)
      return LensResult(
        untrained: Double(state.history.evaluations[0].loss),
        trained: Double(try training.loss(trained, all, layer, withGradient: false).loss),
        losses: state.history.losses.map(Double.init),
        translator: TunedLens.Translator(
          weight: trained[0].elements, bias: trained.count > 1 ? trained[1].elements : nil))
    }

    func notFinite(_ what: String, step: Int) -> Refusal {
      training.notFinite(what, layer, step: step, training.batch(step))
    }
  }

  /// The microbatches of a step: each once an epoch, in another order in each; an epoch's last step has
  /// those that are left.
  private func batch(_ step: Int) -> [Int] {
    let perEpoch = settings.stepsOfEpoch(texts)
    let (epoch, place) = step.quotientAndRemainder(dividingBy: perEpoch)
    var random = Philox(seed: settings.seed, name: "lens").stream(UInt64(epoch))
    let order = Array(0..<texts.count).shuffled(using: &random)
    return Array(order[place * settings.batch..<min((place + 1) * settings.batch, texts.count)])
  }

  /// The mean divergence over the tokens of some microbatches, and its gradients.
  private func loss(
    _ parameters: [Tensor<Float>], _ numbers: [Int], _ layer: Int, step: Int? = nil,
    withGradient: Bool
  ) throws -> (loss: Float, gradients: [Tensor<Float>]) {
    let length = withGradient ? parameters.reduce(0) { $0 + $1.count } : 0
    let (streams, last) = (streams.kept, last.kept)
    let total = try sums.total(of: numbers, length: 1 + length) { [model] number -> [Float] in
      let tape = Tape<Float>()
      let leaves = parameters.map { withGradient ? tape.leaf($0) : Variable($0) }
      let states = Variable(streams(number))
      let bias = leaves.count > 1 ? leaves[1] : nil
      let guess = tape.add(states, tape.linear(states, weight: leaves[0], bias: bias))
      let own = model.logits(Variable(last(number)), on: Tape())
      let divergence = tape.klDivergence(model.logits(guess, on: tape), from: own)
      let rows = Float(states.value.rows)
      let gradients = withGradient ? tape.gradients(of: divergence, at: leaves) : []
      return [divergence.value.scalar * rows] + gradients.flatMap { $0.scaled(by: rows).elements }
    }
    let rows = Float(numbers.reduce(0) { $0 + texts.keptRows(of: $1).count })
    guard total.allSatisfy(\.isFinite) else {
      throw notFinite("a loss or gradient that is not finite", layer, step: step, numbers)
    }
    var gradients: [Tensor<Float>] = []
    var start = 1
    for parameter in withGradient ? parameters : [] {
      let part = total[start..<start + parameter.count].map { $0 / rows }
      gradients.append(Tensor(parameter.shape, part))
      start += parameter.count
    }
    return (total[0] / rows, gradients)
  }

  private func notFinite(_ what: String, _ layer: Int, step: Int?, _ numbers: [Int]) -> Refusal {
    Refusal(
      .model, field: "layer \(layer)" + (step.map { ", step \($0)" } ?? ""),
      found: "\(what) (\(texts.name(of: numbers[0])) and others)",
      expected: "finite numbers; a lower lens.learning_rate may help")
  }
}

/// What the training of one layer's translator gave.
package struct LensResult: Sendable, Equatable {
  /// The mean of KL(p ‖ q) over all tokens, in nats, of the logit lens and of the translator.
  package let untrained: Double
  package let trained: Double
  /// Of each step, before it.
  package let losses: [Double]
  package let translator: TunedLens.Translator

  package init(
    untrained: Double, trained: Double, losses: [Double], translator: TunedLens.Translator
  ) {
    (self.untrained, self.trained) = (untrained, trained)
    (self.losses, self.translator) = (losses, translator)
  }
}
