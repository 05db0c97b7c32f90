internal import Autodiff
internal import Inputs
internal import JobFiles
internal import Models
internal import Randomness
internal import Tensors

extension SpecRun {
  /// Checked, with what every step needs.
  struct Soft {
    let generation: SoftGeneration<Float>
    let call: InterventionCall<Float>
    let count: Int
    let choice: SoftGeneration<Float>.Choice

    func callAsFunction(
      _ setup: InterventionSetup<Float>, on tape: Tape<Float>,
      _ parameters: [BoundParameters<Float>]? = nil
    ) -> SoftGeneration<Float>.Result {
      generation.with(setup)(call, count: count, choice, on: tape, parameters: parameters)
    }

    /// The logits of each example's steps, one below the other, `[examples · steps, vocabulary]`.
    func rows(_ steps: [Variable<Float>], on tape: Tape<Float>) -> Variable<Float> {
      let rows = steps[0].value.rows
      return tape.rows(
        tape.concatenate(steps),
        (0..<rows).flatMap { row in steps.indices.map { $0 * rows + row } })
    }

    /// The same as numbers, `[examples, steps, vocabulary]`.
    func stacked(_ rows: Variable<Float>) -> Tensor<Float> {
      rows.value.reshaped([rows.value.rows / count, count, rows.value.width])
    }
  }

  /// The model on its own soft output: after an intervention every later input is the model's own.
  ///
  /// `soft` has a `temperature`, whether the choice is `straight_through`, and Gumbel noise: a
  /// tensor `[steps, examples, vocabulary]`, or the `seed` of draws; none unless said.
  func generateSoftly(
    _ fields: GenerateFields, _ own: SoftFields
  ) throws(Refusal) -> SpecOutputs {
    let soft = try soft(fields, own, spec.call)
    var outputs = SpecOutputs()
    (outputs.seen.calls, outputs.seen.newTokens) = ([soft.call], soft.count)
    if options.onlyReads { return outputs }
    let tape = Tape<Float>()
    let result = soft(setup.setup, on: tape)
    outputs.add("intervened.ids", result.tokens)
    addLengths(result.tokens.map(\.count), to: &outputs)
    outputs.add(promptLengths: soft.call.base.lengths)
    outputs.add("intervened.logits", soft.stacked(soft.rows(result.logits, on: tape)))
    return outputs
  }

  /// The loss of the new tokens, and its gradient through all steps to the interventions.
  func softGradient(_ fields: GenerateFields) throws(Refusal) -> SpecOutputs {
    guard spec.target == .interventions else {
      throw spec.place.member("wrt").refusal(
        "a gradient to the model through its own output", expected: "interventions")
    }
    let soft = try soft(fields, field("generate.soft", fields.soft), spec.call)
    let objective = try objective(spec.objective, spec.labels, soft)
    var outputs = SpecOutputs()
    (outputs.seen.calls, outputs.seen.newTokens) = ([soft.call], soft.count)
    outputs.seen.gradientPasses = 2
    if options.onlyReads { return outputs }
    let tape = Tape<Float>()
    let bound = setup.setup.bound(on: tape, asLeaves: true)
    let result = soft(setup.setup, on: tape, bound)
    let logits = soft.rows(result.logits, on: tape)
    let loss = objective(logits, collected: [], on: tape)
    outputs.add("intervened.ids", result.tokens)
    addLengths(result.tokens.map(\.count), to: &outputs)
    outputs.add(promptLengths: soft.call.base.lengths)
    outputs.add("intervened.logits", soft.stacked(logits))
    outputs.add("loss", loss.value)
    let trained = TrainedParameter.all(in: setup)
    let gradients = tape.gradients(
      of: loss, at: trained.map { bound[$0.intervention][$0.name] })
    for (parameter, gradient) in zip(trained, gradients) {
      outputs.add("grad.\(parameter.path)", gradient)
    }
    return outputs
  }

  /// What the loss of new tokens is: of the last step unless it says others or has labels of all.
  func objective(
    _ fields: ObjectiveFields, _ labels: JSONField?, _ soft: Soft
  ) throws(Refusal) -> Objective {
    let lengths = soft.call.base.lengths.map { _ in soft.count }
    return try ObjectiveReading(run: self, lengths: lengths, isOfNewTokens: true)(fields, labels)
  }

  /// - Parameter place: Where the base stands: the specification, or a batch of training.
  func soft(
    _ fields: GenerateFields, _ own: SoftFields, _ place: CallFields
  ) throws(Refusal) -> Soft {
    guard let fed = model as? any SelfFedModel<Float>,
      let generation = SoftGeneration(fed, setup.setup)
    else {
      throw own.place.refusal(
        "soft generation by this model", expected: "a decoder or a recurrent language model")
    }
    guard let count = fields.newTokens, count <= 1 << 16 else {
      throw fields.place.member("max_new_tokens").refusal(
        "\(fields.newTokens ?? 0)", expected: "1 to \(1 << 16) soft steps")
    }
    let reading = SpecCall(
      document: spec.call, setup: setup, inputs: inputs, tensors: tensors)
    let call = try reading(place)
    do { try generation.check(call, count: count) } catch {
      throw error.of(spec.place)
    }
    return Soft(
      generation: generation, call: call, count: count,
      choice: .init(
        temperature: Float(own.temperature), isStraightThrough: own.isStraightThrough,
        noise: try noise(own, [call.base.lengths.count, classCount], steps: count)))
  }

  private func noise(
    _ fields: SoftFields, _ shape: [Int], steps: Int
  ) throws(Refusal) -> [Tensor<Float>]? {
    if let given = fields.noise {
      let value = try tensors.floats(given)
      guard value.shape == [steps] + shape else {
        throw given.refusal("shape \(value.shape)", expected: "\([steps] + shape)")
      }
      let rows = value.reshaped([steps, shape[0] * shape[1]])
      return (0..<steps).map { rows.rows($0..<$0 + 1).reshaped(shape) }
    }
    guard let seed = fields.seed else { return nil }
    let random = Philox(seed: UInt64(seed), name: "gumbel")
    // Gumbel draws, −log(−log U); Jang et al., 2016, equation 1.
    return (0..<steps).map { step in
      let uniform = (0..<shape[0]).flatMap { example in
        var stream = random.stream(UInt64(example), UInt32(step))
        return (0..<shape[1]).map { _ in Float(1e-7 + stream.unit() * (1 - 2e-7)) }
      }
      return Tensor(shape, uniform).map(.log).scaled(by: -1).map(.log).scaled(by: -1)
    }
  }
}
