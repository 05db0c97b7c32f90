internal import Autodiff
internal import Inputs
internal import Models
internal import Tensors

extension SpecRun {
  private static let generationFields = [
    "max_new_tokens", "intervene_on_prompt", "steps", "do_sample", "temperature", "top_k", "seed",
  ]

  /// Token by token, unchanged and with the interventions.
  func generate() throws(Refusal) -> SpecOutputs {
    let field = try spec.document["generate"]
    try field.refuseUnknownKeys(known: Self.generationFields)
    guard let decoder = model as? DecoderModel<Float> else {
      throw field.refusal(
        "generation by a model that is no decoder",
        expected: "a decoder, whose keys and values can be kept")
    }
    let count = try field["max_new_tokens"].int(in: 1...1 << 24)
    let onPrompt = try field.optional("intervene_on_prompt")?.bool() ?? false
    var steps: Set<Int>?
    if let named = try field.optional("steps") { steps = Set(try named.integers()) }
    let choice = try choice(field)

    let reading = SpecCall(
      document: spec.document, setup: setup, inputs: inputs, tensors: tensors)
    let call = try reading(spec.document)
    let generation = Generation(
      decoder, setup.setup, passes: .init(actsOnPrompt: onPrompt, steps: steps))
    do {
      try generation.check(call, count: count)
    } catch {
      throw Refusal(
        spec.document.kind, file: spec.document.file, field: error.field, found: error.found,
        expected: error.expected)
    }
    var outputs = SpecOutputs()
    if wants("original.ids") {
      var choose = choice
      let unchanged = Generation(
        decoder, InterventionSetup(interventions: [], entries: []),
        passes: .init(actsOnPrompt: false))
      let plain = InterventionCall(base: call.base, places: [])
      outputs.add("original.ids", unchanged(plain, count: count) { choose($0) }.tokens)
    }
    var choose = choice
    let result = generation(call, count: count) { choose($0) }
    outputs.add("intervened.ids", result.tokens)
    for (index, value) in result.collected.enumerated() {
      outputs.add("collected.\(index)", value)
    }
    return outputs
  }

  private func choice(_ field: JSONField) throws(Refusal) -> TokenChoice {
    guard try field.optional("do_sample")?.bool() ?? false else {
      for key in ["temperature", "top_k", "seed"] {
        if let given = try field.optional(key) {
          throw given.refusal("\(key)", expected: "null, or do_sample: true")
        }
      }
      return TokenChoice()
    }
    let temperature = try field.optional("temperature")?.double() ?? 1
    guard temperature > 0 else {
      throw try field["temperature"].refusal("\(temperature)", expected: "a number above 0")
    }
    let top = try field.optional("top_k")?.int(in: 1...classCount)
    let seed = try field.optional("seed")?.int(in: 0...Int.max) ?? 0
    return TokenChoice(.init(temperature: temperature, top: top), seed: UInt64(seed))
  }
}
