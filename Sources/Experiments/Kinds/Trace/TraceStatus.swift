/// What has become of a cell, as `status` in the results says.
package enum CellStatus: UInt8, CaseIterable, Sendable {
  case pending = 0
  case done
  /// Equal to the corrupted run by causality: its values are the corrupted run's.
  case equalToBaseline
  /// A place that the job does not ask for, or that the prompt does not have.
  case notRequested
  /// Of a fact that the filter left out.
  case skipped
  /// Its unit failed; the journal has the reason.
  case failed

  package var name: String {
    switch self {
    case .pending: "pending"
    case .done: "done"
    case .equalToBaseline: "equal_to_baseline"
    case .notRequested: "not_requested"
    case .skipped: "skipped"
    case .failed: "failed"
    }
  }
}

/// What has become of a fact, as `fact_status` in the results says.
package enum FactStatus: UInt8, CaseIterable, Sendable {
  case pending = 0
  case traced
  /// The model's most probable next token is not the answer.
  case answerNotTop
  /// The answer's clean probability is below the job's minimum.
  case improbable
  /// The clean run itself failed; the journal has the reason.
  case failed
  /// The answer or the foil is of several tokens, and so the fact has no units.
  case severalTokens

  package var name: String {
    switch self {
    case .pending: "pending"
    case .traced: "traced"
    case .answerNotTop: "skipped_answer_not_top"
    case .improbable: "skipped_improbable"
    case .failed: "failed"
    case .severalTokens: "skipped_several_tokens"
    }
  }
}

extension TraceSpec {
  /// What the filter makes of a fact, by its answer and its baseline; nil stands for one that failed.
  func status(_ fact: TracedFact, _ baseline: TraceBaseline?) -> FactStatus {
    guard let baseline else { return .failed }
    let isTop =
      fact.takesTop
      || baseline.leading.map { $0 == fact.reading } ?? (baseline.top == fact.answerID)
    if data.keeps(answerIsTop: isTop, probability: Double(baseline.clean.probability)) {
      return .traced
    }
    return isTop || data.filter == .none ? .improbable : .answerNotTop
  }
}
