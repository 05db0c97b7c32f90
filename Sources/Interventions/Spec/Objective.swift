internal import Autodiff
internal import Tensors

/// What is made smaller: a sum of terms, each the mean over examples of what it is of each one's
/// positions on average.
package struct Objective: Sendable {
  /// By the names that jobs and specifications have for them.
  package enum Loss: String, CaseIterable, Sendable {
    /// Of the label, in nats.
    case crossEntropy = "cross_entropy"
    /// The divergence of the run's distribution from the target's, in nats.
    case divergence = "kl"
    /// The logit of the foil less that of the label.
    case logitDifference = "logit_difference"
    /// Between the logits, or a collected value, and the target.
    case meanSquaredError = "mean_squared_error"

    /// Whether it compares with more than one or two logits.
    package var readsTarget: Bool { self == .divergence || self == .meanSquaredError }
    var readsLabels: Bool { !readsTarget }
  }

  /// What a term compares with, of losses that read a target.
  enum Target: Sendable {
    /// The logits of the unchanged run, which is made when everything has been checked.
    case original
    /// `[positions, width]`, example after example, or like the collected value.
    case tensor(Tensor<Float>)
  }

  struct Term: Sendable {
    let loss: Loss
    let weight: Float
    /// The positions of each example that are read, among its rows of logits.
    var positions: [[Int]]
    /// A token or class for each of the positions.
    var labels: [[Int]] = []
    var foils: [[Int]] = []
    var target: Target?
    /// The number of the collected value that is read in place of logits.
    var collected: Int?
  }

  var terms: [Term]
  /// How many rows of logits each example has.
  var lengths: [Int]

  init(terms: [Term], lengths: [Int]) { (self.terms, self.lengths) = (terms, lengths) }

  var examples: Int { lengths.count }

  /// Whether no other logits are read than those of last positions.
  var readsLastOnly: Bool {
    terms.allSatisfy { term in
      term.collected != nil || zip(term.positions, lengths).allSatisfy { $0 == [$1 - 1] }
    }
  }

  /// Whether something is read that a run hands out beside its logits.
  var readsCollected: Bool { terms.contains { $0.collected != nil } }

  /// Whether the logits of the unchanged run are still to be compared with.
  var needsOriginal: Bool {
    terms.contains { if case .original? = $0.target { true } else { false } }
  }

  /// The same with the unchanged run's logits, every row.
  func comparing(with original: Tensor<Float>) -> Objective {
    var result = self
    for index in terms.indices {
      guard case .original? = terms[index].target else { continue }
      let rows = rows(of: terms[index], Array(0..<examples), isLastOnly: false)
      result.terms[index].target = .tensor(original.gathered(rows))
    }
    return result
  }

  /// The same of some examples alone.
  func examples(_ numbers: [Int]) -> Objective {
    var part = self
    part.lengths = numbers.map { lengths[$0] }
    part.terms = terms.map { term in
      func chosen(_ lists: [[Int]]) -> [[Int]] {
        lists.isEmpty ? [] : numbers.map { lists[$0] }
      }
      var own = term
      own.positions = chosen(term.positions)
      (own.labels, own.foils) = (chosen(term.labels), chosen(term.foils))
      if case .tensor(let target)? = term.target {
        own.target = .tensor(
          target.gathered(term.collected == nil ? term.targetRows(numbers) : numbers))
      }
      return own
    }
    return part
  }

  /// The loss, `[]`.
  ///
  /// - Parameters:
  ///   - logits: Of all rows, or where `readsLastOnly` of the last of each example.
  ///   - collected: What collecting entries handed out.
  func callAsFunction(
    _ logits: Variable<Float>, collected: [Variable<Float>], on tape: Tape<Float>
  ) -> Variable<Float> {
    var sum: Variable<Float>?
    for term in terms {
      var value = value(of: term, logits, collected, on: tape)
      if term.weight != 1 { value = tape.scale(value, by: term.weight) }
      sum = sum.map { tape.add($0, value) } ?? value
    }
    guard let sum else { preconditionFailure("an objective without terms") }
    return sum
  }

  private func value(
    of term: Term, _ logits: Variable<Float>, _ collected: [Variable<Float>],
    on tape: Tape<Float>
  ) -> Variable<Float> {
    if let number = term.collected {
      return tape.meanSquaredError(collected[number], Variable(term.given))
    }
    // Examples with as many positions are one mean; those with others count by their number.
    let counts = term.positions.map(\.count)
    var sum: Variable<Float>?
    for kind in counts.reduce(into: [Int](), { if !$0.contains($1) { $0.append($1) } }) {
      let numbers = counts.indices.filter { counts[$0] == kind }
      var value = mean(of: term, numbers, rows(logits, term, numbers, on: tape), on: tape)
      if numbers.count < counts.count {
        value = tape.scale(value, by: Float(numbers.count) / Float(counts.count))
      }
      sum = sum.map { tape.add($0, value) } ?? value
    }
    guard let sum else { preconditionFailure("an objective over no example") }
    return sum
  }

  private func mean(
    of term: Term, _ numbers: [Int], _ rows: Variable<Float>, on tape: Tape<Float>
  ) -> Variable<Float> {
    func flat(_ lists: [[Int]]) -> [Int] { numbers.flatMap { lists[$0] } }
    func target() -> Variable<Float> { Variable(term.given.gathered(term.targetRows(numbers))) }
    switch term.loss {
    case .crossEntropy: return tape.crossEntropy(rows, labels: flat(term.labels))
    case .divergence: return tape.klDivergence(rows, from: target())
    case .meanSquaredError: return tape.meanSquaredError(rows, target())
    case .logitDifference:
      return tape.logitDifference(rows, labels: flat(term.labels), foils: flat(term.foils))
    }
  }

  /// The rows of logits of some examples' positions.
  func rows(
    _ logits: Variable<Float>, _ term: Term, _ numbers: [Int], on tape: Tape<Float>
  ) -> Variable<Float> {
    let isLastOnly = logits.value.rows == examples && lengths.contains { $0 != 1 }
    let wanted = rows(of: term, numbers, isLastOnly: isLastOnly)
    return wanted == Array(0..<logits.value.rows) ? logits : tape.rows(logits, wanted)
  }

  private func rows(of term: Term, _ numbers: [Int], isLastOnly: Bool) -> [Int] {
    if isLastOnly { return numbers }
    let starts = lengths.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1) }
    return numbers.flatMap { example in term.positions[example].map { starts[example] + $0 } }
  }
}

extension Objective.Term {
  /// The target's numbers.
  fileprivate var given: Tensor<Float> {
    guard case .tensor(let tensor)? = target else {
      preconditionFailure("\(loss.rawValue) without its target")
    }
    return tensor
  }

  /// The rows of the target that are of some examples.
  fileprivate func targetRows(_ numbers: [Int]) -> [Int] {
    let starts = positions.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1.count) }
    return numbers.flatMap { starts[$0]..<starts[$0 + 1] }
  }
}
