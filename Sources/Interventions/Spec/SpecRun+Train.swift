internal import Autodiff
internal import Inputs
internal import Models
internal import Tensors

extension SpecRun {
  /// A batch with its labels, checked.
  private typealias Batch = (call: InterventionCall<Float>, labels: [Int])

  /// Losses step by step, and what was trained.
  func train() throws(Refusal) -> SpecOutputs {
    let train = try TrainSpec(spec.document["train"])
    var batches: [Batch] = []
    for field in train.batches {
      try field.refuseUnknownKeys(known: ["base", "sources", "labels", "source_representations"])
      let call = try call(field)
      batches.append((call, try labels(field, examples: call.base.lengths.count)))
    }
    switch train.target {
    case .interventions: return try trainInterventions(train, batches)
    case .model: return try trainModel(train, batches)
    }
  }

  private func trainInterventions(
    _ train: TrainSpec, _ batches: [Batch]
  ) throws(Refusal) -> SpecOutputs {
    let trained = TrainedParameter.all(in: setup)
    let (optimizer, order) = try train.optimizer(over: trained.map(\.path))
    var training = InterventionTraining(
      setup.setup,
      order.map { .init(intervention: trained[$0].intervention, name: trained[$0].name) },
      optimizer)
    var losses: [Float] = []
    for step in 0..<train.steps {
      if let temperatures = train.temperatures {
        training.setTemperature(Float(temperatures[step]))
      }
      let (call, labels) = batches[step % batches.count]
      let loss = training.step(
        model, call, factor: train.factors?[step] ?? 1, isNaive: options.isNaive
      ) { result, tape in
        let loss = self.loss(result.logits, labels, call.base.lengths, on: tape)
        guard train.boundaryWeight != 0, let boundaries = result.boundaries(on: tape) else {
          return loss
        }
        return tape.add(loss, tape.scale(boundaries, by: Float(train.boundaryWeight)))
      }
      losses.append(try finite(loss, step))
    }
    if let folder = options.saveTo {
      try setup.with(training.setup.interventions).folder().write(to: folder)
    }
    var outputs = SpecOutputs()
    outputs.add("losses", Tensor([losses.count], losses))
    let call = batches[0].call
    let result = InterventionRun(model, training.setup, isNaive: options.isNaive)(
      call, on: Tape())
    var seen: Set<Int> = []
    for (index, entry) in setup.setup.entries.enumerated()
    where seen.insert(entry.intervention).inserted {
      for parameter in training.setup.interventions[entry.intervention].parameters.entries {
        outputs.add("final.\(index).\(parameter.name)", parameter.value)
      }
      let weight = OrthogonalWeight<Float>.weightName
      if let rotation = result.parameters[entry.intervention].find(weight) {
        outputs.add("final.\(index).\(weight)", rotation.value)
      }
    }
    outputs.add("final.intervened.logits", shaped(result.logits.value, call.base.lengths))
    return outputs
  }

  private func trainModel(_ train: TrainSpec, _ batches: [Batch]) throws(Refusal) -> SpecOutputs {
    if train.temperatures != nil || train.boundaryWeight != 0 {
      throw try spec.document["train"].refusal(
        "temperatures or a boundary_weight", expected: "none where the model is trained")
    }
    var weights = model.weights
    var (optimizer, order) = try train.optimizer(over: weights.names)
    var losses: [Float] = []
    for step in 0..<train.steps {
      let tape = Tape<Float>()
      let leaves = weights.leaves(on: tape)
      let (call, labels) = batches[step % batches.count]
      let run = InterventionRun(model.with(leaves, on: tape), setup.setup, trainsModel: true)
      let result = run(call, on: tape, logits: .last)
      let loss = loss(result.logits, labels, call.base.lengths, on: tape)
      losses.append(try finite(loss.value.scalar, step))
      let gradients = tape.gradients(of: loss, at: leaves.all)
      var values = leaves.all.map(\.value)
      let next = optimizer.step(
        order.map { values[$0] }, gradients: order.map { gradients[$0] },
        factor: train.factors?[step] ?? 1)
      for (place, value) in zip(order, next) { values[place] = value }
      weights = weights.replaced(with: values)
    }
    var outputs = SpecOutputs()
    outputs.add("losses", Tensor([losses.count], losses))
    for (name, variable) in weights.pairs { outputs.add("final.\(name)", variable.value) }
    let call = batches[0].call
    let trained = model.with(weights, on: Tape())
    let result = InterventionRun(trained, setup.setup, isNaive: options.isNaive)(call, on: Tape())
    outputs.add("final.intervened.logits", shaped(result.logits.value, call.base.lengths))
    return outputs
  }

  private func finite(_ loss: Float, _ step: Int) throws(Refusal) -> Float {
    guard loss.isFinite else {
      throw try spec.document["train"].refusal(
        "a loss of \(loss) before step \(step)", expected: "a finite loss: a smaller lr may help")
    }
    return loss
  }
}
