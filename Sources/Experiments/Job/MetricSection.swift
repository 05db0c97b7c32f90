package import Inputs

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

  package init(_ field: JobField?) throws(Refusal) {
    guard let list = try field?.table(known: ["store"]).optional("store") else {
      store = Metric.allCases
      return
    }
    var chosen: Set<Metric> = []
    for item in try list.items() {
      let metric = try item.choice(Metric.self)
      guard chosen.insert(metric).inserted else {
        throw item.place.refusal("\(metric.rawValue) a second time", expected: "each metric once")
      }
    }
    guard !chosen.isEmpty else {
      throw list.place.refusal("an empty list", expected: "at least one metric to store")
    }
    store = Metric.allCases.filter(chosen.contains)
  }

  package var canonical: JobValue {
    .fields(["store": .items(store.map { .text($0.rawValue) })])
  }
}
