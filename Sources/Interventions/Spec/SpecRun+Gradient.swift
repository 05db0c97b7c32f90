internal import Autodiff
internal import Inputs
internal import JobFiles
internal import Models
internal import Tensors

extension SpecRun {
  /// The loss, and its gradient with respect to the interventions or to the model's weights.
  ///
  /// - Parameter tape: An empty one, on which the whole batch is recorded unless it is cut.
  func gradient(on tape: Tape<Float> = Tape()) throws(Refusal) -> SpecOutputs {
    if let generate = spec.generate { return try softGradient(generate) }
    let call = try call(spec.call)
    let read = try objective(spec.objective, spec.labels, call, spec.call)
    var outputs = SpecOutputs()
    (outputs.seen.calls, outputs.seen.gradientPasses) = ([call], 2)
    if spec.target == .model, options.microbatches != nil {
      throw spec.place.member("wrt").refusal(
        "microbatches of gradients at the model", expected: "whole batches")
    }
    if read.needsOriginal { outputs.seen.compared = [0] }
    if options.onlyReads { return outputs }
    let objective = compared(read, call)
    if spec.target == .model {
      let (trained, weights) = model.trainable(on: tape)
      let run = InterventionRun(trained, setup.setup, trainsModel: true)
      let result = run(call, on: tape)
      outputs.seen.logits = (nil, result.logits.value)
      let loss = objective(result.logits, collected: result.collected, on: tape)
      outputs.add(
        "intervened.logits",
        try shaped(result.logits.value, rows(call.base), of: spec.call.base))
      addLengths(rows(call.base), to: &outputs)
      outputs.add("loss", loss.value)
      let parameters = weights.parameters
      let gradients = tape.gradients(of: loss, at: parameters.map(\.variable))
      for ((name, _), gradient) in zip(parameters, gradients) {
        outputs.add("grad.\(name)", gradient)
      }
      return outputs
    }
    let run = InterventionRun(model, setup.setup, isNaive: options.isNaive)
    // Cut, the gradients are those of the pieces, and the whole batch gives its logits alone.
    let bound = setup.setup.bound(on: tape, asLeaves: options.microbatches == nil)
    let result = run(call, on: tape, parameters: bound)
    outputs.seen.logits = (nil, result.logits.value)
    outputs.add(
      "intervened.logits",
      try shaped(result.logits.value, rows(call.base), of: spec.call.base))
    addLengths(rows(call.base), to: &outputs)
    let trained = TrainedParameter.all(in: setup)
    let gradients: [Tensor<Float>]
    if let microbatches = options.microbatches {
      let addresses = trained.map {
        InterventionTraining<Float>.Address(intervention: $0.intervention, name: $0.name)
      }
      let (loss, sum) = try refusing {
        try self.gradients(
          setup.setup, [Batch(call: call, objective: objective)], at: addresses, step: 0,
          microbatches, boundaryWeight: 0)
      }
      outputs.add("loss", Tensor(scalar: loss))
      gradients = sum
    } else {
      let loss = objective(result.logits, collected: result.collected, on: tape)
      outputs.add("loss", loss.value)
      gradients = tape.gradients(of: loss, at: trained.map { bound[$0.intervention][$0.name] })
    }
    for (parameter, gradient) in zip(trained, gradients) {
      outputs.add("grad.\(parameter.path)", gradient)
    }
    return outputs
  }

  /// What a call's loss is, without the unchanged run that it may compare with.
  ///
  /// - Parameter place: Where the base stands: the specification, or a batch of training.
  func objective(
    _ fields: ObjectiveFields, _ labels: JSONField?, _ call: InterventionCall<Float>,
    _ place: CallFields
  ) throws(Refusal) -> Objective {
    let reading = ObjectiveReading(
      run: self, lengths: rows(call.base),
      paddingBefore: kind == .classifier ? [] : try inputs.paddingBefore(place.base),
      collected: InterventionRun(model, setup.setup).collectedShapes(call))
    return try reading(fields, labels)
  }

  /// An objective with the logits of the unchanged run, if it compares with these.
  func compared(_ objective: Objective, _ call: InterventionCall<Float>) -> Objective {
    guard objective.needsOriginal else { return objective }
    return objective.comparing(with: model.run(call.base, on: Tape(), visit: nil).value)
  }

  /// A class or token by its number, or a token by its text.
  func answer(_ item: JSONField) throws(Refusal) -> Int {
    guard item.isName, kind != .classifier else { return try item.int() }
    let text = try item.string()
    let ids = try texts(for: "token numbers").encode(text, false)
    guard ids.count == 1 else {
      throw item.refusal(
        "\(quoted(text)), which is \(ids.count) tokens",
        expected: "one token, with the space before it if it has one, or its number")
    }
    return ids[0]
  }
}

/// A parameter that training changes, with the representation under which it is named.
struct TrainedParameter {
  /// Among the set-up's interventions.
  let intervention: Int
  let name: String
  /// `I.NAME`, I the first representation that uses it.
  let path: String

  static func all(in setup: SpecSetup) -> [TrainedParameter] {
    all(in: setup) { $0.isTrained }
  }

  /// How many numbers it has.
  func count(in setup: SpecSetup) -> Int {
    setup.setup.interventions[intervention].parameters.value(name).count
  }

  /// The paths of parameters of the reference that no gradient reaches: the temperature of a plain
  /// mask, the threshold of an autoencoder's latents.
  static func still(in setup: SpecSetup) -> [String] {
    let names = [
      SigmoidMask<Float>.temperatureName, JumpReLUAutoencoder<Float>.thresholdName,
    ]
    return all(in: setup) { !$0.isTrained && names.contains($0.name) }.map(\.path)
  }

  /// - Parameter isWanted: Which parameters, trained or not.
  static func all(
    in setup: SpecSetup, where isWanted: (InterventionParameters<Float>.Entry) -> Bool
  ) -> [TrainedParameter] {
    var seen: Set<Int> = []
    var result: [TrainedParameter] = []
    for (index, entry) in setup.setup.entries.enumerated()
    where seen.insert(entry.intervention).inserted {
      for parameter in setup.setup.interventions[entry.intervention].parameters.entries
      where isWanted(parameter) {
        result.append(
          TrainedParameter(
            intervention: entry.intervention, name: parameter.name,
            path: "\(index).\(parameter.name)"))
      }
    }
    return result
  }
}
