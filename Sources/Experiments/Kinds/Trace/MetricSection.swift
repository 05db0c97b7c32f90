package import Inputs
package import JobFiles
package import Prompts

/// What is read off the logits of the prompt's last token.
package enum Metric: String, CaseIterable, Sendable {
  /// The probability of the answer.
  case probability
  /// Its natural logarithm.
  case logProbability = "log_probability"
  /// The answer's logit less the foil's: the fact's `foil`, or where it has none, the most
  /// probable token of the clean run that is not the answer.
  case logitDifference = "logit_difference"
}

/// `[metric]`: which metrics are stored.
package struct MetricSection: Sendable, Equatable {
  /// In the order of the enumeration, each once.
  package let store: [Metric]

  /// - Parameter answers: What is done with answers of several tokens, which have no one logit.
  package init(_ f: inout Fields, _ answers: LongAnswers) throws(Refusal) {
    let isWhole = answers == .allTokens
    store = try f.field(
      "store", .set(of: Metric.self),
      or: isWhole ? [.probability, .logProbability] : Metric.allCases,
      usually: "all; with data.answer = \"all_tokens\" all but logit_difference",
      "Of the answer at the last token: its probability; the natural logarithm of that, in nats; its "
        + "logit less that of the foil, and without one of the clean run's most probable other token."
    )
    guard !isWhole || !store.contains(.logitDifference) else {
      throw f.place(of: "store").refusal(
        "logit_difference, and data.answer = \"all_tokens\"",
        expected: "probability or log_probability, which answers of several tokens have")
    }
  }
}
