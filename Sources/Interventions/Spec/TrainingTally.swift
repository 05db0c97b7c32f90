internal import Autodiff
internal import Tensors

/// The loss and the right answers over batches on which what was trained is tried.
struct TrainingTally {
  private var loss = 0.0
  private var examples = 0
  private var right = 0
  private var labels = 0

  /// Adds a batch by its loss and, where the loss has labels, by the first term that does.
  mutating func add(
    _ objective: Objective, _ logits: Variable<Float>, _ collected: [Variable<Float>],
    on tape: Tape<Float>
  ) {
    let value = objective(logits, collected: collected, on: tape).value.scalar
    loss += Double(value) * Double(objective.examples)
    examples += objective.examples
    guard let term = objective.terms.first(where: { $0.loss.readsLabels }) else { return }
    var choose = TokenChoice()
    let rows = objective.rows(logits, term, Array(0..<objective.examples), on: tape)
    right += zip(choose(rows.value), term.labels.joined()).count { $0 == $1 }
    labels += rows.value.rows
  }

  /// Adds `eval.loss` and `eval.accuracy`, where there was a batch and there were labels.
  func add(to outputs: inout SpecOutputs) {
    guard examples > 0 else { return }
    outputs.add("eval.loss", Tensor(scalar: Float(loss / Double(examples))))
    if labels > 0 {
      outputs.add("eval.accuracy", Tensor(scalar: Float(right) / Float(labels)))
    }
  }
}
