internal import Foundation
internal import Tensors

extension ReportedAnswer {
  /// The most probable answers of a row of logits of either run.
  ///
  /// - Parameter top: How many of each run.
  init(
    example: Int, position: Int?, before: Tensor<Float>?, after: Tensor<Float>, row: Int, top: Int
  ) {
    (self.example, self.position) = (example, position)
    let own = Scores(after, row)
    let unchanged = before.map { Scores($0, row) }
    var ids = own.top(top)
    for id in unchanged?.top(top) ?? [] where !ids.contains(id) { ids.append(id) }
    func most(_ choice: Choice) -> Double {
      max(choice.before?.probability ?? 0, choice.after.probability)
    }
    choices = ids.map { Choice(id: $0, before: unchanged?[$0], after: own[$0]) }
      .sorted { most($0) > most($1) || (most($0) == most($1) && $0.id < $1.id) }
  }
}

/// A row of logits with what makes probabilities of them.
private struct Scores {
  private let row: Tensor<Float>
  private let logSum: Double

  init(_ logits: Tensor<Float>, _ number: Int) {
    row = logits.rows(number..<number + 1)
    logSum = Double(row.logSumExp().elements[0])
  }

  subscript(id: Int) -> ReportedAnswer.Score {
    let logit = row.withPointer { $0[id] }
    return ReportedAnswer.Score(logit: logit, probability: exp(Double(logit) - logSum))
  }

  /// The answers with the largest logits, the first of equal ones first; NaN is never among them
  /// unless nothing else is left.
  func top(_ count: Int) -> [Int] {
    var best: [(id: Int, logit: Float)] = []
    row.withPointer { x in
      for id in 0..<row.width {
        let logit = x[id].isNaN ? -Float.infinity : x[id]
        if best.count == count, let last = best.last, logit <= last.logit { continue }
        let place = best.firstIndex { $0.logit < logit } ?? best.count
        best.insert((id, logit), at: place)
        if best.count > count { best.removeLast() }
      }
    }
    return best.map(\.id)
  }
}
