internal import Autodiff
internal import Inputs
internal import Models
internal import Tensors

extension SpecRun {
  /// A batch with its labels, checked.
  typealias Batch = (call: InterventionCall<Float>, labels: [Int])

  /// Losses step by step, and what was trained.
  func train() throws(Refusal) -> SpecOutputs {
    let train = try TrainSpec(spec.document["train"])
    let training = try batches(train.batches)
    let evaluation = try batches(train.evaluation)
    if options.microbatches != nil, train.target == .model {
      throw try spec.document["train"].refusal(
        "microbatches where the model is trained", expected: "a job of kind train")
    }
    switch train.target {
    case .interventions: return try trainInterventions(train, training, evaluation)
    case .model: return try trainModel(train, training, evaluation)
    }
  }

  /// Batches with what they say themselves; the rest is the specification's.
  private func batches(_ fields: [JSONField]) throws(Refusal) -> [Batch] {
    var batches: [Batch] = []
    for field in fields {
      try field.refuseUnknownKeys(known: [
        "base", "sources", "labels", "source_representations", "unit_locations", "subspaces",
      ])
      let call = try call(field)
      batches.append((call, try labels(field, examples: call.base.lengths.count)))
    }
    return batches
  }

  /// The mean loss over all examples of batches, and the part of them whose likeliest answer is the
  /// label.
  private func evaluate(
    _ batches: [Batch], _ run: InterventionRun<Float>, into outputs: inout SpecOutputs
  ) {
    if batches.isEmpty { return }
    var (loss, right, count) = (0.0, 0, 0)
    for (call, labels) in batches {
      let tape = Tape<Float>()
      let logits = ModelRunner.lastRows(
        run(call, on: tape, logits: .last).logits, call.base.lengths, on: tape)
      loss += Double(tape.crossEntropy(logits, labels: labels).value.scalar) * Double(labels.count)
      var choose = TokenChoice()
      right += zip(choose(logits.value), labels).count { $0 == $1 }
      count += labels.count
    }
    outputs.add("eval.loss", Tensor(scalar: Float(loss / Double(count))))
    outputs.add("eval.accuracy", Tensor(scalar: Float(right) / Float(count)))
  }

  private func trainInterventions(
    _ train: TrainSpec, _ batches: [Batch], _ evaluation: [Batch]
  ) throws(Refusal) -> SpecOutputs {
    let trained = TrainedParameter.all(in: setup)
    let (optimizer, order) = try train.optimizer(
      over: trained.map(\.path), still: TrainedParameter.still(in: setup))
    var training = InterventionTraining(
      setup.setup,
      order.map { .init(intervention: trained[$0].intervention, name: trained[$0].name) },
      optimizer)
    var losses: [Float] = []
    for step in 0..<train.steps {
      if let temperatures = train.temperatures {
        training.setTemperature(Float(temperatures[step]))
      }
      let own = train.batches(of: step).map { batches[$0] }
      if let microbatches = options.microbatches {
        let (loss, gradients) = try gradients(
          training.setup, own, at: training.addresses, step: step, microbatches,
          boundaryWeight: train.boundaryWeight)
        training.step(gradients: gradients, factor: train.factors?[step] ?? 1)
        losses.append(try finite(loss, step))
        continue
      }
      let loss = training.step(
        model, over: own.map(\.call), factor: train.factors?[step] ?? 1, isNaive: options.isNaive
      ) { number, result, tape in
        let (call, labels) = own[number]
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
    let run = InterventionRun(model, training.setup, isNaive: options.isNaive)
    let result = run(call, on: Tape())
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
    outputs.add(
      "final.intervened.logits",
      try shaped(result.logits.value, call.base.lengths, of: train.batches[0]["base"]))
    evaluate(evaluation, run, into: &outputs)
    return outputs
  }

  private func trainModel(
    _ train: TrainSpec, _ batches: [Batch], _ evaluation: [Batch]
  ) throws(Refusal) -> SpecOutputs {
    if train.temperatures != nil || train.boundaryWeight != 0 {
      throw try spec.document["train"].refusal(
        "temperatures or a boundary_weight", expected: "none where the model is trained")
    }
    var weights = model.weights
    var (optimizer, order) = try train.optimizer(over: weights.names)
    var losses: [Float] = []
    for step in 0..<train.steps {
      var total: Float = 0
      var sums: [Tensor<Float>] = []
      let numbers = train.batches(of: step)
      for number in numbers {
        let tape = Tape<Float>()
        let leaves = weights.leaves(on: tape)
        let (call, labels) = batches[number]
        let run = InterventionRun(model.with(leaves, on: tape), setup.setup, trainsModel: true)
        let result = run(call, on: tape, logits: .last)
        let loss = loss(result.logits, labels, call.base.lengths, on: tape)
        total += try finite(loss.value.scalar, step)
        let gradients = tape.gradients(of: loss, at: leaves.all)
        sums = sums.isEmpty ? gradients : zip(sums, gradients).map { $0 + $1 }
      }
      let share = 1 / Float(numbers.count)
      losses.append(numbers.count == 1 ? total : total * share)
      if numbers.count > 1 { sums = sums.map { $0.scaled(by: share) } }
      var values = weights.all.map(\.value)
      let next = optimizer.step(
        order.map { values[$0] }, gradients: order.map { sums[$0] },
        factor: train.factors?[step] ?? 1)
      for (place, value) in zip(order, next) { values[place] = value }
      weights = weights.replaced(with: values)
    }
    var outputs = SpecOutputs()
    outputs.add("losses", Tensor([losses.count], losses))
    for (name, variable) in weights.pairs { outputs.add("final.\(name)", variable.value) }
    let call = batches[0].call
    let trained = model.with(weights, on: Tape())
    let run = InterventionRun(trained, setup.setup, isNaive: options.isNaive)
    outputs.add(
      "final.intervened.logits",
      try shaped(
        run(call, on: Tape()).logits.value, call.base.lengths, of: train.batches[0]["base"]))
    evaluate(evaluation, run, into: &outputs)
    if let folder = options.saveTo {
      try setup.folder().write(to: folder)
      try PyveneFolder.write(
        weights, only: order.map { weights.names[$0] }, to: folder)
    }
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
