internal import Autodiff
internal import CausalModels
internal import Inputs
internal import Interventions
internal import JobFiles
internal import Prompts
internal import Randomness
internal import Tensors

/// The training of one problem's interventions.
///
/// What a step does hangs on the job and the state alone: microbatches are cut by the job, and their
/// losses and gradients added in a fixed tree over their numbers, whoever computes them.
struct DasTraining: TrainingTask {
  let runner: DasRunner
  let workers: any MicrobatchWorkers

  private var problem: DasProblem { runner.problem }
  private var train: TrainSection { problem.job.train }
  private var steps: TrainingSteps { problem.job.steps }
  /// Examples of a microbatch without gradients: few, so that small sets go over many threads.
  static let evaluated = 16

  var trainer: Trainer { train.trainer(steps, watches: problem.job.hasDevelopment) }

  /// The training before its first step.
  var start: TrainingState {
    let (plain, boundaries) = groups
    var groups = [(plain.count, train.rate)]
    if !boundaries.isEmpty {
      groups.append((boundaries.count, train.boundaryRate ?? train.rate))
    }
    return TrainingState(
      TrainingState.Parameters(of: problem.described.setup.interventions),
      moving: plain + boundaries,
      by: train.optimizer(
        groups.map { ParameterGroup(count: $0, rate: $1, weightDecay: train.weightDecay) }))
  }

  /// What is trained, boundaries apart, since they can have a rate of their own.
  private var groups: (plain: [TrainingState.Address], boundaries: [TrainingState.Address]) {
    let all = problem.described.trained
    let name = DescribedInterventions.boundaryName
    return (all.filter { $0.name != name }, all.filter { $0.name == name })
  }

  private func setup(_ parameters: TrainingState.Parameters) -> InterventionSetup<Float> {
    parameters.put(in: problem.described.setup)
  }

  // MARK: A step

  func scheduled(
    _ parameters: TrainingState.Parameters, step: Int
  ) -> TrainingState.Parameters {
    parameters.with(
      temperature: train.temperature(at: step, of: steps.total), in: problem.described.setup)
  }

  func gradients(
    at parameters: TrainingState.Parameters, step: Int
  ) throws -> (loss: Float, gradients: [Tensor<Float>?]) {
    let setup = setup(parameters)
    let prepared = PreparedInterventions(setup, widths: problem.described.widths)
    let values = prepared.values
    let sum = try workers.step(
      steps.microbatches(of: step), length: values.gradientCount, step: step,
      loss: { [runner] own, tape in
        let (parameters, leaves) = values.leaves(on: tape)
        let (logits, reference) = try runner.logits(own, of: .train, setup, parameters, on: tape)
        let mean = runner.problem.loss(logits, own, of: .train, reference: reference, on: tape)
        return (mean, leaves)
      }, refuse: { notFinite($0, step, $1) })
    let (plain, boundaries) = groups
    let (gradients, extra) = prepared.gradients(
      at: plain + boundaries, from: sum.gradients
    ) { (parameters: [BoundParameters<Float>], tape: Tape<Float>) in
      penalty(parameters, on: tape)
    }
    return (sum.loss + extra, gradients)
  }

  private func penalty(
    _ parameters: [BoundParameters<Float>], on tape: Tape<Float>
  ) -> Variable<Float>? {
    let kinds: [(InterventionPenalty, Double)] = [
      (.boundaries, train.boundaryPenalty), (.masks, train.maskPenalty),
    ]
    let parts = kinds.compactMap { kind, weight in
      weight == 0 ? nil : kind(parameters, on: tape).map { tape.scale($0, by: Float(weight)) }
    }
    guard let first = parts.first else { return nil }
    return parts.dropFirst().reduce(first) { tape.add($0, $1) }
  }

  func notFinite(_ what: String, step: Int) -> Refusal {
    notFinite(what, step, steps.examples(of: step))
  }

  private func notFinite(
    _ what: String, _ step: Int, _ examples: [Int], of split: Split = .train
  ) -> Refusal {
    let items = problem.job.items[split] ?? []
    let places = examples.prefix(8).map { items[$0].place.field }.joined(separator: "; ")
    return Refusal(
      .job, file: examples.first.map { items[$0].place.file } ?? problem.job.file,
      field: "unit \(problem.point.number) (\(problem.point.text)), step \(step)",
      found: "\(what) with the examples \(places)\(examples.count > 8 ? ", ..." : "")",
      expected: "finite numbers: a smaller train.learning_rate, or train.clip, may help")
  }

  // MARK: Evaluation

  func evaluation(
    of parameters: TrainingState.Parameters, after step: Int
  ) throws -> TrainingHistory.Evaluation? {
    guard let items = problem.job.items[.development] else { return nil }
    return try score(setup(parameters), Array(items.indices), of: .development, after: step)
      .evaluation(after: step)
  }

  /// The score of interventions on examples of a split.
  private func score(
    _ setup: InterventionSetup<Float>, _ numbers: [Int], of split: Split, sources: [Int]? = nil,
    by other: DasRunner? = nil, after step: Int
  ) throws -> Score {
    let runner = other ?? runner
    let values = PreparedInterventions(
      setup, widths: runner.problem.described.widths
    ).values.constants
    return try score(numbers, of: split, after: step) { (own, places) throws(Refusal) in
      let tape = Tape<Float>()
      let (logits, reference) = try runner.logits(
        own, of: split, sources: sources.map { sources in places.map { sources[$0] } }, setup,
        values, on: tape)
      let loss = runner.problem.loss(logits, own, of: split, reference: reference, on: tape)
      return (
        loss.value.scalar,
        DasProblem.correct(logits.value, runner.problem.labels(own, of: split))
      )
    }
  }

  /// - Parameters:
  ///   - step: Of the training, for the refusal of a loss that is not finite.
  ///   - run: The mean loss and the right answers of some examples, and their places among
  ///     all of the list.
  private func score(
    _ numbers: [Int], of split: Split, after step: Int,
    _ run: @Sendable (_ numbers: [Int], _ places: [Int]) throws(Refusal) -> (Float, Int)
  ) throws -> Score {
    let groups = TrainingSteps.cut(Array(numbers.indices), by: Self.evaluated)
    let total = numbers.count
    let sum = try workers.sum(groups.count, length: 2, label: -1) { place in
      let places = groups[place]
      let (loss, correct) = try run(places.map { numbers[$0] }, places)
      return [loss * Float(places.count) / Float(total), Float(correct)]
    }
    guard sum[0].isFinite else {
      let bad = try workers.firstNotFinite(of: groups.count) { place in
        try run(groups[place].map { numbers[$0] }, groups[place]).0
      }
      throw notFinite(
        "a loss of \(finiteness(of: sum[0])) on the \(split.rawValue) set", step,
        bad.map { groups[$0].map { numbers[$0] } } ?? numbers, of: split)
    }
    return Score(count: total, correct: Int(sum[1]), loss: sum[0])
  }

  // MARK: The end

  func outcome(
    of state: TrainingState
  ) throws -> (result: DasResult, interventions: [any Intervention<Float>]) {
    var result = DasResult(of: state)
    let setup = setup(state.final)
    for split in Split.allCases {
      guard let items = problem.job.items[split] else {
        result.scores.append(nil)
        continue
      }
      result.scores.append(
        try score(setup, Array(items.indices), of: split, after: result.keptStep))
    }
    let split = problem.job.controlSplit
    let numbers = Array((problem.job.items[split] ?? []).indices)
    result.unchanged = try unchanged(numbers, of: split, after: result.keptStep)
    result.controls = [
      try randomRotation(setup, numbers, of: split, after: result.keptStep),
      try fullSwap(numbers, of: split, after: result.keptStep),
      try shuffledSources(setup, numbers, of: split, after: result.keptStep),
    ]
    result.boundaries = groups.boundaries.compactMap {
      setup.interventions[$0.intervention].parameters[$0.name]?.elements.first
    }
    result.parametersDigest = state.final.digest
    return (result, setup.interventions)
  }

  private func unchanged(
    _ numbers: [Int], of split: Split, after step: Int
  ) throws -> Score? {
    let problem = problem
    guard problem.baseLabels(numbers, of: split) != nil else { return nil }
    return try score(numbers, of: split, after: step) { (own, _) throws(Refusal) in
      let logits = problem.unchanged(own, of: split)
      let labels = problem.baseLabels(own, of: split) ?? []
      let tape = Tape<Float>()
      return (
        tape.crossEntropy(Variable(logits), labels: labels).value.scalar,
        DasProblem.correct(logits, labels)
      )
    }
  }

  /// The trained interventions with random rotations in place of their own.
  private func randomRotation(
    _ setup: InterventionSetup<Float>, _ numbers: [Int], of split: Split, after step: Int
  ) throws -> Score? {
    let others = try DasProblem(
      problem.job, problem.point, problem.model, seed: problem.job.seed &+ 7_919)
    guard
      let rotated = problem.described.rotated(setup.interventions, like: others.described)
    else { return nil }
    var random = setup
    random.interventions = rotated
    return try score(random, numbers, of: split, after: step)
  }

  private func fullSwap(
    _ numbers: [Int], of split: Split, after step: Int
  ) throws -> Score? {
    let swapping = DasRunner(try problem.swapping(), budget: 0)
    return try score(
      swapping.problem.described.setup, numbers, of: split, sources: numbers, by: swapping,
      after: step)
  }

  /// Sources go round among examples that intervene on the same variables, in an order of the seed.
  private func shuffledSources(
    _ setup: InterventionSetup<Float>, _ numbers: [Int], of split: Split, after step: Int
  ) throws -> Score? {
    let items = problem.job.items[split] ?? []
    let groups = Dictionary(grouping: numbers) { number in
      [items[number].sources.count] + items[number].variables
    }
    var sources = numbers
    for (key, members) in groups.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
      let order = Philox(key: UInt64(problem.job.seed)).order(
        of: members.count, round: 1 << 20 + key.count)
      for place in order.indices {
        sources[members[order[place]]] = members[order[(place + 1) % order.count]]
      }
    }
    return try score(setup, numbers, of: split, sources: sources, after: step)
  }
}
