internal import Autodiff
internal import Inputs
internal import Interventions
internal import JobFiles
internal import Models
internal import Prompts
internal import Tensors

/// The training of a model's weights.
///
/// As with interventions, what a step does hangs on the job and the state alone: microbatches are
/// cut by the job, and their losses and gradients added in a fixed tree over their numbers.
struct ModelTraining: TrainingTask {
  let job: ModelTrainJob
  /// The model at its start: its shape, and the weights that a training begins from.
  let model: any TrainableModel<Float>
  let exchange: InterchangeRuns?
  let workers: any MicrobatchWorkers

  private var train: TrainSection { job.spec.train }
  private var steps: TrainingSteps { job.steps }
  /// Examples of a microbatch without gradients.
  static let evaluated = 64

  var trainer: Trainer { train.trainer(steps, watches: job.hasDevelopment) }

  /// The training before its first step.
  var start: TrainingState {
    let pairs = model.weights.pairs.map { ($0.name, $0.variable.value) }
    return TrainingState(
      [Dictionary(uniqueKeysWithValues: pairs)],
      moving: pairs.map { .init(intervention: 0, name: $0.0) },
      by: train.optimizer([
        ParameterGroup(count: pairs.count, rate: train.rate, weightDecay: train.weightDecay)
      ]))
  }

  private func weights(_ parameters: TrainingState.Parameters) -> NamedWeights<Float> {
    NamedWeights(
      model.weights.names.compactMap { name in
        parameters[0][name].map { (name, Variable($0)) }
      })
  }

  // MARK: A step

  func gradients(
    at parameters: TrainingState.Parameters, step: Int
  ) throws -> (loss: Float, gradients: [Tensor<Float>?]) {
    let values = weights(parameters)
    let sum = try workers.step(
      steps.microbatches(of: step), length: values.all.reduce(0) { $0 + $1.value.count },
      step: step,
      loss: { [job, model, exchange] own, tape in
        let leaves = values.leaves(on: tape)
        let mean = try Self.loss(
          job, model.with(leaves, on: tape), exchange, own, of: .train, on: tape
        ).total
        return (mean, leaves.all)
      }, refuse: { notFinite($0, step, $1) })
    var gradients: [Tensor<Float>] = []
    var at = 0
    for value in values.all {
      gradients.append(Tensor(value.shape, Array(sum.gradients[at..<at + value.value.count])))
      at += value.value.count
    }
    return (sum.loss, gradients)
  }

  /// The mean loss of some examples, and how many answers are right: of runs without interventions,
  /// and of those with them.
  static func loss(
    _ job: ModelTrainJob, _ model: any TrainableModel<Float>, _ exchange: InterchangeRuns?,
    _ numbers: [Int], of split: Split, on tape: Tape<Float>
  ) throws(Refusal) -> (total: Variable<Float>, task: [Float], exchanged: [Float]?) {
    var total: Variable<Float>?
    func add(_ part: Variable<Float>, _ weight: Double) {
      let scaled = weight == 1 ? part : tape.scale(part, by: Float(weight))
      total = total.map { tape.add($0, scaled) } ?? scaled
    }
    func score(_ logits: Variable<Float>, _ labels: [Int], _ weight: Double) -> [Float] {
      let loss = tape.crossEntropy(logits, labels: labels)
      if weight > 0 { add(loss, weight) }
      return [loss.value.scalar, Float(DasProblem.correct(logits.value, labels))]
    }
    let (inputs, labels) = try job.batch(numbers, of: split)
    let logits = InterventionRun.lastRows(
      model.run(inputs, on: tape, visit: nil), of: inputs, on: tape)
    let interchange = job.spec.interchange
    let task = score(logits, labels, interchange?.taskWeight ?? 1)
    var exchanged: [Float]?
    if let exchange, let interchange {
      exchanged = score(
        exchange.logits(numbers, of: split, model, on: tape), exchange.labels(numbers, of: split),
        interchange.weight)
    }
    return (total ?? Variable(Tensor(scalar: 0)), task, exchanged)
  }

  func notFinite(_ what: String, step: Int) -> Refusal {
    notFinite(what, step, steps.examples(of: step))
  }

  private func notFinite(
    _ what: String, _ step: Int, _ examples: [Int], of split: Split = .train
  ) -> Refusal {
    let places = examples.prefix(8).compactMap { number in
      try? job.sets[split]?.written(number).place
    }
    return Refusal(
      .job, file: places.first?.file ?? job.spec.file, field: "step \(step)",
      found: "\(what) with the examples \(places.map(\.field).joined(separator: "; "))"
        + (examples.count > 8 ? ", ..." : ""),
      expected: "finite numbers: a smaller train.learning_rate, or train.clip, may help")
  }

  // MARK: Evaluation

  func evaluation(
    of parameters: TrainingState.Parameters, after step: Int
  ) throws -> TrainingHistory.Evaluation? {
    guard job.hasDevelopment else { return nil }
    let (task, exchanged) = try scores(weights(parameters), of: .development, after: step)
    return (exchanged ?? task).evaluation(after: step)
  }

  /// The scores on a whole split, without interventions and with them.
  private func scores(
    _ weights: NamedWeights<Float>, of split: Split, after step: Int
  ) throws -> (task: Score, exchanged: Score?) {
    let total = job.sets[split]?.count ?? 0
    let groups = TrainingSteps.cut(Array(0..<total), by: Self.evaluated)
    let (job, exchange) = (job, exchange)
    let ready = model.with(weights, on: Tape())
    let sum = try workers.sum(groups.count, length: 4, label: -1) { place in
      let own = groups[place]
      let (_, task, exchanged) = try Self.loss(job, ready, exchange, own, of: split, on: Tape())
      let share = Float(own.count) / Float(total)
      let other = exchanged ?? [0, 0]
      return [task[0] * share, task[1], other[0] * share, other[1]]
    }
    for loss in [sum[0], sum[2]] where !loss.isFinite {
      let bad = try workers.firstNotFinite(of: groups.count) { place in
        let (_, task, exchanged) = try Self.loss(
          job, ready, exchange, groups[place], of: split, on: Tape())
        return task[0] + (exchanged?[0] ?? 0)
      }
      throw notFinite(
        "a loss of \(finiteness(of: loss)) on the \(split.rawValue) set", step,
        bad.map { groups[$0] } ?? Array(0..<total), of: split)
    }
    return (
      Score(count: total, correct: Int(sum[1]), loss: sum[0]),
      exchange == nil ? nil : Score(count: total, correct: Int(sum[3]), loss: sum[2])
    )
  }

  // MARK: The end

  func outcome(
    of state: TrainingState
  ) throws -> (result: DasResult, weights: NamedWeights<Float>) {
    var result = DasResult(of: state)
    let final = weights(state.final)
    for split in Split.allCases {
      guard job.sets[split] != nil else {
        result.scores.append(nil)
        continue
      }
      let (task, exchanged) = try scores(final, of: split, after: result.keptStep)
      result.scores.append(exchanged ?? task)
      // Without interventions, on the last split there is: the test's before the others.
      if exchanged != nil { result.unchanged = task }
    }
    result.controls = DasResult.Control.allCases.map { _ in nil }
    return (result, final)
  }
}
