internal import Autodiff
internal import Inputs
internal import JobFiles
internal import Models
internal import Tensors

extension SpecRun {
  /// A batch of training through a model's own soft output.
  struct SoftBatch {
    let soft: Soft
    let objective: Objective
  }

  /// Training in which the model reads its own soft output: no token after the prompt is given to it,
  /// and the loss of a step reaches the interventions through all steps before it.
  ///
  /// Noise is that of `generate.soft`, the same in every step of the training.
  func trainSoftly(
    _ train: TrainSpec, _ generate: GenerateFields
  ) throws(Refusal) -> SpecOutputs {
    guard train.fields.target == .interventions else {
      throw train.fields.place.member("parameters").refusal(
        "training of the model through its own output", expected: "interventions")
    }
    let training = try softBatches(train.fields.batches, generate)
    let evaluation = try softBatches(train.fields.evaluation, generate)
    let trained = TrainedParameter.all(in: setup)
    let (optimizer, order) = try train.optimizer(
      over: trained.map(\.path), still: TrainedParameter.still(in: setup))
    var outputs = SpecOutputs()
    outputs.seen.trains(
      train, training.map(\.soft.call),
      order.map { trained[$0].count(in: self.setup) })
    outputs.seen.newTokens = training[0].soft.count
    if options.onlyReads { return outputs }
    let start = TrainingState(
      TrainingState.Parameters(of: setup.setup.interventions),
      moving: order.map { .init(intervention: trained[$0].intervention, name: trained[$0].name) },
      by: optimizer)
    let task = SoftTraining(run: self, train: train, batches: training, addresses: start.moved)
    let end = try run(task, train, from: start)
    let setup = task.setup(end.parameters)
    if let folder = options.saveTo {
      try self.setup.with(setup.interventions).save(to: folder)
    }
    outputs.add("losses", Tensor([end.step], end.history.losses))
    let (tape, soft) = (Tape<Float>(), training[0].soft)
    let bound = setup.bound(on: tape)
    Self.add(
      setup, as: InterventionRun(model, setup).prepared(bound, on: tape), to: &outputs)
    let result = soft(setup, on: tape)
    outputs.add("final.intervened.ids", result.tokens)
    addLengths(result.tokens.map(\.count), to: &outputs)
    outputs.add(promptLengths: soft.call.base.lengths)
    outputs.add(
      "final.intervened.logits", soft.stacked(soft.rows(result.logits, on: tape)))
    var tally = TrainingTally()
    for batch in evaluation {
      let tape = Tape<Float>()
      let logits = batch.soft.rows(batch.soft(setup, on: tape).logits, on: tape)
      tally.add(batch.objective, logits, [], on: tape)
    }
    tally.add(to: &outputs)
    return outputs
  }

  private func softBatches(
    _ fields: [BatchFields], _ generate: GenerateFields
  ) throws(Refusal) -> [SoftBatch] {
    let own = try field("generate.soft", generate.soft)
    var batches: [SoftBatch] = []
    for field in fields {
      let soft = try soft(generate, own, field.call)
      batches.append(
        SoftBatch(soft: soft, objective: try objective(field.objective, field.labels, soft)))
    }
    return batches
  }
}

/// The training of a specification's interventions through soft generation.
private struct SoftTraining: SpecInterventionTask {
  let run: SpecRun
  let train: TrainSpec
  let batches: [SpecRun.SoftBatch]
  let addresses: [TrainingState.Address]

  func gradients(
    at parameters: TrainingState.Parameters, step: Int
  ) throws -> (loss: Float, gradients: [Tensor<Float>?]) {
    let setup = setup(parameters)
    let own = train.batches(of: step).map { batches[$0] }
    let examples = own.reduce(0) { $0 + $1.objective.examples }
    var total: Float = 0
    var sums: [Tensor<Float>] = []
    for batch in own {
      let tape = Tape<Float>()
      let bound = setup.bound(on: tape, asLeaves: true)
      let logits = batch.soft.rows(batch.soft(setup, on: tape, bound).logits, on: tape)
      var loss = tape.scale(
        batch.objective(logits, collected: [], on: tape),
        by: Float(batch.objective.examples) / Float(examples))
      let penalty = InterventionPenalty.boundaries(
        InterventionRun(run.model, setup).prepared(bound, on: tape), on: tape)
      if train.fields.boundaryWeight != 0, let penalty {
        let weight = Float(train.fields.boundaryWeight) / Float(own.count)
        loss = tape.add(loss, tape.scale(penalty, by: weight))
      }
      let gradients = tape.gradients(
        of: loss, at: addresses.map { bound[$0.intervention][$0.name] })
      sums = sums.isEmpty ? gradients : zip(sums, gradients).map { $0 + $1 }
      total += loss.value.scalar
    }
    return (total, sums)
  }
}
