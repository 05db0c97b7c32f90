public import Inputs
internal import Models

extension SoftGeneration {
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
    guard !overflow, count > 0, end - 1 <= limits.positions ?? .max else {
      throw Refusal(
        .job, field: "count", found: "\(count) after \(longest) tokens",
        expected: "at least 1, within the model's context")
    }
    try CallCheck(
      setup: setup, call: call, baseLengths: InputLengths(prompts.map { $0.count + count - 1 }))()
    for (index, places) in call.places.enumerated() {
      let intervention = setup.intervention(of: index)
      let isPrompt = prompts.enumerated().allSatisfy { example, tokens in
        places.base.positions.numbers(of: example)?.allSatisfy { $0 < tokens.count } ?? false
      }
      if intervention.joinsUnits, !isPrompt {
        throw Refusal(
          .job, field: "unit_locations, intervention \(index)",
          found: "positions past the prompt for \(intervention.name), which joins units",
          expected: "positions of the prompt, or a type that takes every unit by itself")
      }
      if intervention.needsSource, places.given == nil, places.base.positions == .every {
        throw Refusal(
          .job, field: "unit_locations, intervention \(index)",
          found: "every position with a source run", expected: "listed positions")
      }
    }
  }
}
