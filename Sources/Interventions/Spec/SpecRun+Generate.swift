internal import Autodiff
internal import Inputs
internal import Models
internal import Tensors

extension SpecRun {
  private static let generationFields = [
    "max_new_tokens", "intervene_on_prompt", "steps", "after_tokens", "do_sample", "temperature",
    "top_k", "seed", "num_beams",
  ]

  /// Token by token, unchanged and with the interventions.
  func generate() throws(Refusal) -> SpecOutputs {
    let field = try spec.document["generate"]
    if try field.optional("soft") != nil { return try generateSoftly(field) }
    try field.refuseUnknownKeys(known: Self.generationFields)
    guard kind != .classifier else {
      throw field.refusal("generation by a classifier", expected: "a language model")
    }
    let count = try field["max_new_tokens"].int(in: 1...1 << 24)
    let onPrompt = try field.optional("intervene_on_prompt")?.bool() ?? false
    let choice = try choice(field)
    let reading = SpecCall(
      document: spec.document, setup: setup, inputs: inputs, tensors: tensors,
      isOfNewTokens: !onPrompt)
    let call = try reading(spec.document)
    var passes = GenerationPasses(
      actsOnPrompt: onPrompt, where: try steps(field, examples: call.base.lengths.count))
    // Where nothing has a place, it is that of the new token; steps that are named are the only ones.
    passes.reachesPromptWithoutPlaces =
      try spec.document.optional("unit_locations") != nil && passes.chooses == nil
    let beams = try beams(field, passes)
    let generation = Generation(model, setup.setup, passes: passes)
    do {
      try generation.check(call, count: count)
    } catch {
      throw Refusal(
        spec.document.kind, file: spec.document.file, field: error.field, found: error.found,
        expected: error.expected)
    }
    if let beams, !generation.keepsKeys(call, count: count) {
      throw try field["num_beams"].refusal(
        "\(beams) beams of texts that grow past the length at which longrope's angles change",
        expected: "1, or fewer or more tokens in prompt and max_new_tokens")
    }
    var outputs = SpecOutputs()
    (outputs.seen.calls, outputs.seen.newTokens) = ([call], count)
    if options.onlyReads { return outputs }
    func run(
      _ generation: Generation<Float>, _ call: InterventionCall<Float>
    ) -> Generation<Float>.Result {
      if let beams { return generation(call, count: count, beams: beams) }
      var choose = choice
      return generation(call, count: count) { choose($0) }
    }
    if wants("original.ids") {
      let unchanged = Generation(
        model, InterventionSetup(interventions: [], entries: []),
        passes: .init(actsOnPrompt: false))
      let plain = InterventionCall<Float>(base: call.base, places: [])
      outputs.add("original.ids", run(unchanged, plain).tokens)
    }
    let result = run(generation, call)
    outputs.add("intervened.ids", result.tokens)
    addLengths(result.tokens.map(\.count), to: &outputs)
    for (index, value) in result.collected.enumerated() {
      outputs.add("collected.\(index)", value)
    }
    return outputs
  }

  /// In which later passes entries act: `steps`, for all examples or by example, and only
  /// `after_tokens`, after one of which was generated.
  private func steps(
    _ field: JSONField, examples: Int
  ) throws(Refusal) -> (@Sendable (GenerationPasses.Step) -> Bool)? {
    var lists: [Set<Int>]?
    if let named = try field.optional("steps") {
      if named.isListOfNumbers {
        lists = Array(repeating: Set(try named.integers()), count: examples)
      } else {
        let items = try named.items()
        guard items.count == examples else {
          throw named.refusal(
            "steps of \(items.count) examples",
            expected: "\(examples), one list for each, or one list of numbers for all")
        }
        var own: [Set<Int>] = []
        for item in items { own.append(Set(try item.integers())) }
        lists = own
      }
    }
    var wanted: Set<Int>?
    if let named = try field.optional("after_tokens") {
      let tokens = try named.integers()
      if let outside = tokens.first(where: { $0 >= classCount }) {
        throw named.refusal("token \(outside)", expected: "0 to \(classCount - 1)")
      }
      wanted = Set(tokens)
    }
    if lists == nil, wanted == nil { return nil }
    let (chosen, after) = (lists, wanted)
    return { step in
      if let chosen, !chosen[step.example].contains(step.index) { return false }
      guard let after else { return true }
      return step.generated.last.map(after.contains) ?? false
    }
  }

  private func beams(_ field: JSONField, _ passes: GenerationPasses) throws(Refusal) -> Int? {
    guard let given = try field.optional("num_beams") else { return nil }
    let count = try given.int(in: 1...1024)
    if count == 1 { return nil }
    guard kind == .decoder else {
      throw given.refusal(
        "\(count) beams", expected: "1, or a decoder, which keeps keys and values")
    }
    for key in ["do_sample", "steps", "after_tokens"] {
      if let other = try field.optional(key) {
        throw other.refusal("\(key) with \(count) beams", expected: "null, or num_beams: 1")
      }
    }
    return count
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
