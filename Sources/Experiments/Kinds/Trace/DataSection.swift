package import Inputs
package import JobFiles
package import Prompts

/// `[data]` of traces: the facts, and which of them are traced.
package struct DataSection: Sendable {
  /// Which facts are kept once the clean run is known.
  package enum Filter: String, CaseIterable, Sendable {
    /// Those whose answer is the most probable next token, as in Meng et al., 2022.
    case correct
    case none
  }

  package let facts: PromptSection
  package let filter: Filter
  /// The least clean probability of the answer; it adds to either filter.
  package let minimumProbability: Double?

  package init(_ f: inout Fields, parity: TraceSpec.Parity) throws(Refusal) {
    facts = try PromptSection(
      &f, "facts", of: parity == .rome ? .factOfROME : .fact, answers: LongAnswers.allCases,
      before: ", before the filter")
    filter = try f.field(
      "filter", .choice(), or: .correct,
      "correct: only facts whose answer is the model's most probable next token; none: all.")
    minimumProbability = try f.optional(
      "minimum_probability", .number(0...1).called("a probability from 0 to 1"),
      "The least clean probability of the answer; it adds to either filter.")
  }

  /// Whether a fact is traced, by what the clean run made of it.
  package func keeps(answerIsTop: Bool, probability: Double) -> Bool {
    (filter == .none || answerIsTop) && probability >= (minimumProbability ?? 0)
  }
}
