internal import Autodiff
internal import Inputs
internal import JobFiles
internal import Models
internal import Tensors

extension SpecRun {
  /// A batch with what its loss is, checked.
  struct Batch: Sendable {
    let call: InterventionCall<Float>
    var objective: Objective

    /// The logits that the loss reads.
    var wanted: InterventionRun<Float>.Logits { objective.readsLastOnly ? .last : .all }
  }

  /// Losses step by step, and what was trained.
  func train() throws(Refusal) -> SpecOutputs {
    let train = TrainSpec(try field("train", spec.train))
    if let generate = spec.generate { return try trainSoftly(train, generate) }
    let training = try batches(train.fields.batches)
    let evaluation = try batches(train.fields.evaluation)
    if options.microbatches != nil, train.fields.target == .model {
      throw train.fields.place.refusal(
        "microbatches where the model is trained", expected: "a job of kind train")
    }
    switch train.fields.target {
    case .interventions: return try trainInterventions(train, training, evaluation)
    case .model: return try trainModel(train, training, evaluation)
    }
  }

  /// Batches with what they say themselves; the rest is the specification's.
  private func batches(_ fields: [BatchFields]) throws(Refusal) -> [Batch] {
    var batches: [Batch] = []
    for field in fields {
      let call = try call(field.call)
      batches.append(
        Batch(
          call: call, objective: try objective(field.objective, field.labels, call, field.call)))
    }
    return batches
  }

  /// The mean loss over all examples of batches, and the part of their labels that are the likeliest
  /// answers, where the loss has labels.
  private func evaluate(
    _ batches: [Batch], _ run: InterventionRun<Float>, into outputs: inout SpecOutputs
  ) {
    var tally = TrainingTally()
    for batch in batches {
      let tape = Tape<Float>()
      let result = run(batch.call, on: tape, logits: batch.wanted)
      tally.add(batch.objective, result.logits, result.collected, on: tape)
    }
    tally.add(to: &outputs)
  }

  /// Batches with the logits of their unchanged runs, where a loss compares with these.
  private func compared(_ batches: [Batch]) -> [Batch] {
    batches.map { batch in
      var batch = batch
      batch.objective = compared(batch.objective, batch.call)
      return batch
    }
  }

  /// The numbers of each intervention, and the rotation that they stand for.
  static func add(
    _ setup: InterventionSetup<Float>, as bound: [BoundParameters<Float>],
    to outputs: inout SpecOutputs
  ) {
    var seen: Set<Int> = []
    for (index, entry) in setup.entries.enumerated()
    where seen.insert(entry.intervention).inserted {
      for parameter in setup.interventions[entry.intervention].parameters.entries {
        outputs.add("final.\(index).\(parameter.name)", parameter.value)
      }
      let weight = OrthogonalWeight<Float>.weightName
      if let rotation = bound[entry.intervention].find(weight) {
        outputs.add("final.\(index).\(weight)", rotation.value)
      }
    }
  }

  private func trainInterventions(
    _ train: TrainSpec, _ batches: [Batch], _ evaluation: [Batch]
  ) throws(Refusal) -> SpecOutputs {
    let trained = TrainedParameter.all(in: setup)
    let (optimizer, order) = try train.optimizer(
      over: trained.map(\.path), still: TrainedParameter.still(in: setup))
    var outputs = SpecOutputs()
    outputs.seen.trains(
      train, batches.map(\.call),
      order.map { trained[$0].count(in: self.setup) })
    outputs.seen.compared = batches.indices.filter { batches[$0].objective.needsOriginal }
    if options.onlyReads { return outputs }
    let (batches, evaluation) = (compared(batches), compared(evaluation))
    let start = TrainingState(
      TrainingState.Parameters(of: setup.setup.interventions),
      moving: order.map { .init(intervention: trained[$0].intervention, name: trained[$0].name) },
      by: optimizer)
    let training = SpecInterventionTraining(
      run: self, train: train, batches: batches, addresses: start.moved)
    let end = try run(training, train, from: start)
    let setup = training.setup(end.parameters)
    if let folder = options.saveTo {
      try self.setup.with(setup.interventions).save(to: folder)
    }
    outputs.add("losses", Tensor([end.step], end.history.losses))
    let call = batches[0].call
    let run = InterventionRun(model, setup, isNaive: options.isNaive)
    let result = run(call, on: Tape())
    Self.add(setup, as: result.parameters, to: &outputs)
    outputs.add(
      "final.intervened.logits",
      try shaped(result.logits.value, rows(call.base), of: train.fields.batches[0].call.base))
    evaluate(evaluation, run, into: &outputs)
    return outputs
  }

  private func trainModel(
    _ train: TrainSpec, _ batches: [Batch], _ evaluation: [Batch]
  ) throws(Refusal) -> SpecOutputs {
    let (all, own) = (model.weights, model.weights.parameters)
    let names = own.map(\.name)
    let (optimizer, order) = try train.optimizer(over: names)
    var outputs = SpecOutputs()
    outputs.seen.trains(
      train, batches.map(\.call), order.map { own[$0].variable.value.count })
    outputs.seen.compared = batches.indices.filter { batches[$0].objective.needsOriginal }
    if options.onlyReads { return outputs }
    let (batches, evaluation) = (compared(batches), compared(evaluation))
    let start = TrainingState(
      [Dictionary(uniqueKeysWithValues: own.map { ($0.name, $0.variable.value) })],
      moving: order.map { .init(intervention: 0, name: names[$0]) }, by: optimizer)
    let training = SpecModelTraining(
      run: self, train: train, batches: batches, names: names, order: order,
      buffers: all.pairs.filter { all.buffers.contains($0.name) })
    let end = try run(training, train, from: start)
    let weights = training.weights(end.parameters)
    outputs.add("losses", Tensor([end.step], end.history.losses))
    for (name, variable) in weights.parameters { outputs.add("final.\(name)", variable.value) }
    let call = batches[0].call
    let trained = model.with(weights, on: Tape())
    let run = InterventionRun(trained, setup.setup, isNaive: options.isNaive)
    outputs.add(
      "final.intervened.logits",
      try shaped(
        run(call, on: Tape()).logits.value, rows(call.base), of: train.fields.batches[0].call.base))
    evaluate(evaluation, run, into: &outputs)
    if let folder = options.saveTo {
      try setup.save(to: folder)
      try PyveneFolder.write(weights, only: order.map { names[$0] }, to: folder)
    }
    return outputs
  }

  func run<Task: TrainingTask>(
    _ task: Task, _ train: TrainSpec, from start: TrainingState
  ) throws(Refusal) -> Task.Outcome {
    try refusing {
      try Trainer(steps: train.fields.steps) { train.fields.factors?[$0] ?? 1 }.run(
        task, from: start)
    }
  }

  /// Does what nobody asks to stop, so that all it throws is a refusal.
  func refusing<Value>(_ work: () throws -> Value) throws(Refusal) -> Value {
    do { return try work() } catch {
      throw error as? Refusal
        ?? Refusal(.resources, found: escaped("\(error)"), expected: "a run to its end")
    }
  }
}

/// The training of a specification's interventions.
private struct SpecInterventionTraining: SpecInterventionTask {
  let run: SpecRun
  let train: TrainSpec
  let batches: [SpecRun.Batch]
  let addresses: [TrainingState.Address]

  func gradients(
    at parameters: TrainingState.Parameters, step: Int
  ) throws -> (loss: Float, gradients: [Tensor<Float>?]) {
    let setup = setup(parameters)
    let own = train.batches(of: step).map { batches[$0] }
    if let microbatches = run.options.microbatches {
      let (loss, gradients) = try run.gradients(
        setup, own, at: addresses, step: step, microbatches,
        boundaryWeight: train.fields.boundaryWeight)
      return (loss, gradients)
    }
    let (loss, gradients) = InterventionTraining.gradients(
      setup, run.model, over: own.map(\.call), at: addresses, isNaive: run.options.isNaive,
      logits: own.allSatisfy(\.objective.readsLastOnly) ? .last : .all
    ) { number, result, tape in
      var loss = own[number].objective(result.logits, collected: result.collected, on: tape)
      let weight = SpecRun.weight(of: number, in: own)
      if weight != 1 { loss = tape.scale(loss, by: weight) }
      guard train.fields.boundaryWeight != 0, let boundaries = result.boundaries(on: tape) else {
        return loss
      }
      return tape.add(loss, tape.scale(boundaries, by: Float(train.fields.boundaryWeight)))
    }
    return (loss, gradients)
  }
}

/// The training of a specification's model.
private struct SpecModelTraining: SpecTrainingTask {
  let run: SpecRun
  let train: TrainSpec
  let batches: [SpecRun.Batch]
  /// Of all that can be trained, in the model's order.
  let names: [String]
  /// Their places in the optimiser's order.
  let order: [Int]
  /// What training leaves alone.
  let buffers: [(name: String, variable: Variable<Float>)]

  func weights(_ parameters: TrainingState.Parameters) -> NamedWeights<Float> {
    NamedWeights(
      names.compactMap { name in parameters[0][name].map { (name, Variable($0)) } } + buffers,
      buffers: Set(buffers.map(\.name)))
  }

  func gradients(
    at parameters: TrainingState.Parameters, step: Int
  ) throws -> (loss: Float, gradients: [Tensor<Float>?]) {
    let weights = weights(parameters)
    var total: Float = 0
    var sums: [Tensor<Float>] = []
    let numbers = train.batches(of: step)
    let own = numbers.map { batches[$0] }
    for (number, batch) in own.enumerated() {
      let tape = Tape<Float>()
      let leaves = weights.leaves(on: tape)
      let trained = InterventionRun(
        run.model.with(leaves, on: tape), run.setup.setup, trainsModel: true)
      let result = trained(batch.call, on: tape, logits: batch.wanted)
      var loss = batch.objective(result.logits, collected: result.collected, on: tape)
      let weight = SpecRun.weight(of: number, in: own)
      if weight != 1 { loss = tape.scale(loss, by: weight) }
      total += loss.value.scalar
      let gradients = tape.gradients(of: loss, at: leaves.parameters.map(\.variable))
      sums = sums.isEmpty ? gradients : zip(sums, gradients).map { $0 + $1 }
    }
    if numbers.count > 1 {
      let share = 1 / Float(numbers.count)
      (total, sums) = (total * share, sums.map { $0.scaled(by: share) })
    }
    return (total, order.map { sums[$0] })
  }
}
