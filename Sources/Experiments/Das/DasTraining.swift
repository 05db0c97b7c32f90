internal import Autodiff
internal import CausalModels
internal import Foundation
internal import Inputs
internal import Interventions
internal import Tensors

/// Trains one problem's interventions, from a state to the end or to a stop.
///
/// What a step does hangs on the job and the state alone: microbatches are cut by the job, and their
/// losses and gradients added in a fixed tree over their numbers, whoever computes them.
struct DasTraining {
  enum Outcome {
    case finished(DasResult, [any Intervention<Float>])
    case stopped(TrainingState)
  }

  let runner: DasRunner
  let workers: any MicrobatchWorkers
  /// Whether a stop was asked for; looked at before each step.
  let isStopping: @Sendable () -> Bool
  /// Is told of the state after each step.
  let advanced: (TrainingState) throws(Refusal) -> Void

  private var problem: DasProblem { runner.problem }
  private var train: TrainSection { problem.job.train }
  private var steps: TrainingSteps { problem.job.steps }
  /// Examples of a microbatch without gradients: few, so that small sets go over many threads.
  static let evaluated = 16

  /// A problem's training before its first step.
  static func start(of problem: DasProblem) -> TrainingState {
    let setup = problem.described.setup
    let train = problem.job.train
    let (plain, boundaries) = groups(of: problem)
    var groups = [
      ParameterGroup(count: plain.count, rate: train.rate, weightDecay: train.weightDecay)
    ]
    if !boundaries.isEmpty {
      groups.append(
        ParameterGroup(
          count: boundaries.count, rate: train.boundaryRate ?? train.rate,
          weightDecay: train.weightDecay))
    }
    return TrainingState(
      parameters: TrainingState.parameters(of: setup.interventions),
      optimizer: train.optimizer(groups))
  }

  /// What is trained, boundaries apart, since they can have a rate of their own.
  private static func groups(
    of problem: DasProblem
  ) -> (
    plain: [InterventionTraining<Float>.Address], boundaries: [InterventionTraining<Float>.Address]
  ) {
    let all = problem.described.trained
    let name = DescribedInterventions.boundaryName
    return (all.filter { $0.name != name }, all.filter { $0.name == name })
  }

  func run(from start: TrainingState) throws(Refusal) -> Outcome {
    var state = start
    let (plain, boundaries) = Self.groups(of: problem)
    let addresses = plain + boundaries
    let shapes = addresses.map { state.parameters[$0.intervention][$0.name]?.shape ?? [] }
    if let misfit = state.optimizer.misfit(with: shapes) {
      throw Refusal(
        .store, field: "unit \(problem.point.number)", found: misfit,
        expected: "the checkpoint of this training; without the file it begins anew")
    }
    while state.step < steps.total, !state.isOver {
      guard try step(&state, addresses) else { return .stopped(state) }
      try evaluateOnTheWay(&state)
      try advanced(state)
    }
    return try finish(state)
  }

  private func setup(_ state: TrainingState) -> InterventionSetup<Float> {
    var setup = problem.described.setup
    TrainingState.put(state.parameters, in: &setup.interventions)
    return setup
  }

  // MARK: A step

  /// - Returns: False where a stop was asked for, and the step was not taken.
  private func step(
    _ state: inout TrainingState, _ addresses: [InterventionTraining<Float>.Address]
  ) throws(Refusal) -> Bool {
    let number = state.step
    var setup = setup(state)
    if let temperature = train.temperature(at: number, of: steps.total) {
      setup.setTemperature(temperature)
    }
    let prepared = PreparedInterventions(setup, widths: problem.described.widths)
    let values = prepared.values
    let microbatches = steps.microbatches(of: number)
    let (runner, frozen) = (runner, setup)
    let sum = try workers.sum(
      microbatches, length: values.gradientCount, step: number, isStopping: isStopping,
      loss: { own, tape in
        let (parameters, leaves) = values.leaves(on: tape)
        let (logits, reference) = try runner.logits(own, of: .train, frozen, parameters, on: tape)
        let mean = runner.problem.loss(logits, own, of: .train, reference: reference, on: tape)
        return (mean, leaves)
      }, refuse: { notFinite($0, number, $1) })
    guard let sum else { return false }
    let (gradients, extra) = prepared.gradients(
      at: addresses, from: sum.gradients
    ) { (parameters: [BoundParameters<Float>], tape: Tape<Float>) in
      penalty(parameters, on: tape)
    }
    let (limited, norm) = clipped(gradients, toNorm: train.clip ?? .infinity)
    guard norm.isFinite else {
      throw notFinite(
        "a gradient of norm \(finiteness(of: norm))", number, microbatches.flatMap(\.self))
    }
    let current = addresses.map { setup.interventions[$0.intervention].parameters[$0.name] }
    let next = state.optimizer.step(
      current.compactMap { $0 }, gradients: limited,
      factor: train.rateFactor(at: number, of: steps.total))
    for (address, value) in zip(addresses, next) {
      setup.interventions[address.intervention].parameters[address.name] = value
    }
    state.parameters = TrainingState.parameters(of: setup.interventions)
    state.advance(loss: sum.losses.reduce(0, +) + extra, norm: norm)
    return true
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

  /// Looks at the development set where it is time to, and stops where that is in vain.
  private func evaluateOnTheWay(_ state: inout TrainingState) throws(Refusal) {
    guard let items = problem.job.items[.development] else { return }
    let every = train.evaluateEvery ?? steps.perEpoch
    guard state.step % every == 0 || state.step == steps.total else { return }
    let score = try score(setup(state), Array(items.indices), of: .development, after: state.step)
    state.take(score, stopping: train.earlyStopping)
  }

  /// The score of interventions on examples of a split.
  private func score(
    _ setup: InterventionSetup<Float>, _ numbers: [Int], of split: Split, sources: [Int]? = nil,
    by other: DasRunner? = nil, after step: Int
  ) throws(Refusal) -> Score {
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
  ) throws(Refusal) -> Score {
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

  private func finish(_ state: TrainingState) throws(Refusal) -> Outcome {
    var result = DasResult()
    (result.losses, result.norms) = (state.losses, state.norms)
    result.evaluations = state.evaluations
    result.keptStep = state.best?.step ?? state.step
    var final = state
    if let best = state.best { final.parameters = best.parameters }
    let setup = setup(final)
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
    result.boundaries = Self.groups(of: problem).boundaries.compactMap {
      setup.interventions[$0.intervention].parameters[$0.name]?.elements.first
    }
    result.parametersDigest = TrainingState.digest(of: final.parameters)
    return .finished(result, setup.interventions)
  }

  private func unchanged(
    _ numbers: [Int], of split: Split, after step: Int
  ) throws(Refusal) -> Score? {
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
  ) throws(Refusal) -> Score? {
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
  ) throws(Refusal) -> Score? {
    let swapping = DasRunner(try problem.swapping(), budget: 0)
    return try score(
      swapping.problem.described.setup, numbers, of: split, sources: numbers, by: swapping,
      after: step)
  }

  /// Sources go round among examples that intervene on the same variables, in an order of the seed.
  private func shuffledSources(
    _ setup: InterventionSetup<Float>, _ numbers: [Int], of split: Split, after step: Int
  ) throws(Refusal) -> Score? {
    let items = problem.job.items[split] ?? []
    let groups = Dictionary(grouping: numbers) { number in
      [items[number].example.sources.count] + items[number].example.variables
    }
    var sources = numbers
    for (key, members) in groups.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
      let order = TrainingSteps.shuffled(
        members.count, seed: UInt64(problem.job.seed), round: 1 << 20 + key.count)
      for place in order.indices {
        sources[members[order[place]]] = members[order[(place + 1) % order.count]]
      }
    }
    return try score(setup, numbers, of: split, sources: sources, after: step)
  }
}
