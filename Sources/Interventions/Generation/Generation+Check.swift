public import Inputs
internal import Models

extension Generation {
  /// Refuses a call that does not fit, before anything runs.
  ///
  /// - Parameter count: New tokens of each example.
  public func check(_ call: InterventionCall<Scalar>, count: Int) throws(Refusal) {
    guard case .tokens(let prompts) = call.base else {
      let isEmbeddings = if case .embeddings = call.base { true } else { false }
      throw Refusal(
        .job, field: "base", found: isEmbeddings ? "embeddings" : "more than tokens",
        expected: "tokens, from which to generate")
    }
    let longest = prompts.map(\.count).max() ?? 0
    let (end, overflow) = longest.addingReportingOverflow(count)
    let limit = positionLimit ?? Int(Int32.max)
    guard !overflow, count > 0, end - 1 <= limit else {
      throw Refusal(
        .job, field: "max_new_tokens", found: "\(count) after \(longest) tokens",
        expected: "1 to \(limit - longest + 1): the model's context")
    }
    let onPrompt = CallCheck(setup: setup, call: call, baseLengths: call.base.extents)
    let later = CallCheck(
      setup: setup, call: call, baseLengths: InputLengths(prompts.map { _ in 1 }))
    let everywhere = setup.entries.indices.filter { call.places[$0].base == .whole }
    if passes.actsOnPrompt {
      try onPrompt()
      // Entries without places act in the later passes too.
      try later(everywhere)
    } else {
      do { try later() } catch {
        let isOfPrompt = (try? onPrompt()) != nil
        throw Refusal(
          error.kind, file: error.file, field: error.field, found: error.found,
          expected: error.expected + " that is new in a pass"
            + (isOfPrompt ? "; with intervene_on_prompt: true places are the prompt's" : ""))
      }
      if passes.reachesPromptWithoutPlaces { try onPrompt(everywhere) }
    }
  }
}
