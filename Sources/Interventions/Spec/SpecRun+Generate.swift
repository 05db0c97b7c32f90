internal import Autodiff
internal import Inputs
internal import JobFiles
internal import Models
internal import Tensors

extension SpecRun {
  /// Token by token, unchanged and with the interventions.
  func generate() throws(Refusal) -> SpecOutputs {
    let fields = try field("generate", spec.generate)
    if let soft = fields.soft { return try generateSoftly(fields, soft) }
    guard kind != .classifier else {
      throw fields.place.refusal("generation by a classifier", expected: "a language model")
    }
    let reading = SpecCall(
      document: spec.call, setup: setup, inputs: inputs, tensors: tensors,
      isOfNewTokens: fields.actsOnNewTokens)
    let single = try reading(spec.call)
    let call = single.repeated(fields.sequences)
    let (end, count) = try end(fields, single)
    var passes = GenerationPasses(
      actsOnPrompt: fields.actsOnPrompt,
      where: try steps(fields, examples: single.base.lengths.count))
    // Where nothing has a place, it is that of the new token; steps that are named are the only ones.
    passes.reachesPromptWithoutPlaces = spec.call.locations != nil && passes.chooses == nil
    let generation = Generation(model, setup.setup, passes: passes)
    do { try generation.check(call, count: count) } catch {
      let isLength = error.field == "max_new_tokens"
      throw isLength
        ? error.at(fields.place, field: fields.length == nil ? error.field : "max_length")
        : error.of(spec.place)
    }
    let beams = try beams(fields, generation, call, count)
    let choice = try choice(fields)
    var outputs = SpecOutputs()
    (outputs.seen.calls, outputs.seen.newTokens) = ([call], count)
    outputs.seen.beams = beams ?? 1
    if options.onlyReads { return outputs }
    func run(
      _ generation: Generation<Float>, _ call: InterventionCall<Float>
    ) -> Generation<Float>.Result {
      if let beams { return generation(call, count: count, beams: beams) }
      var choose = choice
      return generation(call, count: count, end: end) { choose($0, after: $1) }
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
    outputs.add(promptLengths: call.base.lengths)
    for (index, value) in result.collected.enumerated() {
      outputs.add("collected.\(index)", value)
    }
    return outputs
  }

  /// What ends an example, and how many steps there are at most.
  private func end(
    _ fields: GenerateFields, _ call: InterventionCall<Float>
  ) throws(Refusal) -> (end: GenerationEnd, count: Int) {
    let place = fields.place
    var end = GenerationEnd()
    end.length = fields.length
    var count = fields.newTokens ?? 0
    if let length = fields.length {
      let lengths = call.base.lengths
      guard let shortest = lengths.min(), let longest = lengths.max(), longest < length else {
        throw place.member("max_length").refusal(
          "\(length) for a prompt of \(lengths.max() ?? 0) tokens",
          expected: "more than every prompt has, since it counts them")
      }
      count = length - shortest
    }
    if (fields.beams ?? 1) > 1 { return (end, count) }
    if let tokens = fields.ends.tokens {
      if let outside = tokens.first(where: { $0 >= classCount }) {
        throw place.member("eos_token_id").refusal(
          "token \(outside)", expected: "0 to \(classCount - 1)")
      }
      end.tokens = Set(tokens)
    } else {
      end.tokens = Set(try opened.endTokens())
    }
    if !fields.ends.texts.isEmpty {
      let (texts, stops) = (try texts(for: "eos_token_id"), fields.ends.texts)
      end.completes = { generated in
        let text = texts.decode(generated)
        return stops.contains { text.contains($0) }
      }
    }
    return (end, count)
  }

  /// In which later passes entries act: `steps`, for all examples or by example, and only
  /// `after_tokens`, after one of which was generated.
  private func steps(
    _ fields: GenerateFields, examples: Int
  ) throws(Refusal) -> (@Sendable (GenerationPasses.Step) -> Bool)? {
    var lists: [Set<Int>]?
    if let named = fields.steps {
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
    if let named = fields.afterTokens {
      var tokens: [Int] = []
      for item in try named.items() { tokens.append(try answer(item)) }
      if let outside = tokens.first(where: { $0 >= classCount }) {
        throw named.refusal("token \(outside)", expected: "0 to \(classCount - 1)")
      }
      wanted = Set(tokens)
    }
    if lists == nil, wanted == nil { return nil }
    let (chosen, after, sequences) = (lists, wanted, fields.sequences)
    return { step in
      if let chosen, !chosen[step.example / sequences].contains(step.index) { return false }
      guard let after else { return true }
      return step.generated.last.map(after.contains) ?? false
    }
  }

  private func beams(
    _ fields: GenerateFields, _ generation: Generation<Float>, _ call: InterventionCall<Float>,
    _ count: Int
  ) throws(Refusal) -> Int? {
    guard let beams = fields.beams, beams > 1 else { return nil }
    let place = fields.place.member("num_beams")
    guard kind == .decoder else {
      throw place.refusal(
        "\(beams) beams", expected: "1, or a decoder, which keeps keys and values")
    }
    guard Set(call.base.lengths).count == 1 || fields.length == nil else {
      throw place.refusal(
        "\(beams) beams to a max_length from prompts of unequal lengths",
        expected: "max_new_tokens, since continuations are equally long")
    }
    guard generation.keepsKeys(call, count: count) else {
      throw place.refusal(
        "\(beams) beams of texts that grow past the length at which longrope's angles change",
        expected: "1, or fewer or more tokens in prompt and max_new_tokens")
    }
    return beams
  }

  private func choice(_ fields: GenerateFields) throws(Refusal) -> TokenChoice {
    let penalty = fields.repetitionPenalty ?? 1
    guard let sampling = fields.sampling else { return TokenChoice(penalty: penalty) }
    if let top = sampling.top, top > classCount {
      throw fields.place.member("top_k").refusal("\(top)", expected: "1 to \(classCount)")
    }
    return TokenChoice(
      .init(
        temperature: sampling.temperature, top: sampling.top, mass: sampling.mass,
        least: sampling.least),
      seed: UInt64(sampling.seed), penalty: penalty, sequences: fields.sequences)
  }
}
