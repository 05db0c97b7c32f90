internal import Autodiff
internal import Inputs
internal import JobFiles
internal import Models
internal import Randomness
internal import Tensors

extension SpecRun {
  /// Checked, with what every step needs.
  private struct Soft {
    let generation: SoftGeneration<Float>
    let call: InterventionCall<Float>
    let count: Int
    let choice: SoftGeneration<Float>.Choice

    func callAsFunction(
      on tape: Tape<Float>, _ parameters: [BoundParameters<Float>]? = nil
    ) -> SoftGeneration<Float>.Result {
      generation(call, count: count, choice, on: tape, parameters: parameters)
    }

    /// The logits of each step, `[examples, steps, vocabulary]`.
    func stacked(_ steps: [Variable<Float>], on tape: Tape<Float>) -> Variable<Float> {
      let (rows, width) = (steps[0].value.rows, steps[0].value.width)
      let all = tape.rows(
        tape.concatenate(steps),
        (0..<rows).flatMap { row in steps.indices.map { $0 * rows + row } })
      return tape.reshape(all, [rows, steps.count, width])
    }
  }

  /// The model on its own soft output: after an intervention every later input is the model's own.
  ///
  /// `soft` has a `temperature`, whether the choice is `straight_through`, and Gumbel noise: a
  /// tensor `[steps, examples, vocabulary]`, or the `seed` of draws; none unless said.
  func generateSoftly(
    _ fields: GenerateFields, _ own: SoftFields
  ) throws(Refusal) -> SpecOutputs {
    let soft = try soft(fields, own)
    var outputs = SpecOutputs()
    (outputs.seen.calls, outputs.seen.newTokens) = ([soft.call], soft.count)
    if options.onlyReads { return outputs }
    let tape = Tape<Float>()
    let result = soft(on: tape)
    outputs.add("intervened.ids", result.tokens)
    addLengths(result.tokens.map(\.count), to: &outputs)
    outputs.add(promptLengths: soft.call.base.lengths)
    outputs.add("intervened.logits", soft.stacked(result.logits, on: tape).value)
    return outputs
  }

  /// The loss of the new tokens, and its gradient through all steps to the interventions.
  ///
  /// Labels are `[examples]`, for the last step, or `[examples, steps]`.
  func softGradient(_ fields: GenerateFields) throws(Refusal) -> SpecOutputs {
    guard spec.target == .interventions else {
      throw spec.place.member("wrt").refusal(
        "a gradient to the model through its own output", expected: "interventions")
    }
    let soft = try soft(fields, field("generate.soft", fields.soft))
    let examples = soft.call.base.lengths.count
    let (labels, steps) = try softLabels(examples, steps: soft.count)
    var outputs = SpecOutputs()
    (outputs.seen.calls, outputs.seen.newTokens) = ([soft.call], soft.count)
    outputs.seen.gradientPasses = 2
    if options.onlyReads { return outputs }
    let tape = Tape<Float>()
    let bound = setup.setup.bound(on: tape, asLeaves: true)
    let result = soft(on: tape, bound)
    let logits = soft.stacked(result.logits, on: tape)
    let flat = tape.reshape(logits, [examples * soft.count, classCount])
    let wanted =
      steps == 1 ? (0..<examples).map { ($0 + 1) * soft.count - 1 } : Array(0..<examples * steps)
    let loss = tape.crossEntropy(tape.rows(flat, wanted), labels: labels)
    outputs.add("intervened.ids", result.tokens)
    addLengths(result.tokens.map(\.count), to: &outputs)
    outputs.add(promptLengths: soft.call.base.lengths)
    outputs.add("intervened.logits", logits.value)
    outputs.add("loss", loss.value)
    let trained = TrainedParameter.all(in: setup)
    let gradients = tape.gradients(
      of: loss, at: trained.map { bound[$0.intervention][$0.name] })
    for (parameter, gradient) in zip(trained, gradients) {
      outputs.add("grad.\(parameter.path)", gradient)
    }
    return outputs
  }

  private func softLabels(
    _ examples: Int, steps: Int
  ) throws(Refusal) -> (labels: [Int], steps: Int) {
    let field = try field("labels", spec.labels)
    let (shape, labels) = try labelNumbers(field)
    guard shape == [examples] || shape == [examples, steps] else {
      throw field.refusal(
        "labels of shape \(shape)",
        expected: "[\(examples)], for the last step, or [\(examples), \(steps)], for each step")
    }
    return (labels, labels.count / examples)
  }

  private func soft(
    _ fields: GenerateFields, _ own: SoftFields
  ) throws(Refusal) -> Soft {
    let generation: SoftGeneration<Float>
    if let decoder = model as? DecoderModel<Float>, decoder.shape.isCausal {
      generation = SoftGeneration(decoder, setup.setup)
    } else if let recurrent = model as? GRUModel<Float>, kind == .languageModel,
      !recurrent.addsPositions, recurrent.shape.hasEmbeddings
    {
      generation = SoftGeneration(recurrent, setup.setup)
    } else {
      throw own.place.refusal(
        "soft generation by this model", expected: "a decoder or a recurrent language model")
    }
    guard let count = fields.newTokens, count <= 1 << 16 else {
      throw fields.place.member("max_new_tokens").refusal(
        "\(fields.newTokens ?? 0)", expected: "1 to \(1 << 16) soft steps")
    }
    let reading = SpecCall(
      document: spec.call, setup: setup, inputs: inputs, tensors: tensors)
    let call = try reading(spec.call)
    do { try generation.check(call, count: count) } catch { throw error.of(spec.place) }
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
