internal import Tensors

extension Tape {
  /// The mean over rows of the foil's logit less the label's, `[]`.
  ///
  ///     L = mean(x[foil] − x[label])        ∂L/∂x = (onehot(foil) − onehot(label)) / rows
  ///
  /// - Parameters:
  ///   - logits: `[rows, classes]`.
  ///   - labels: The class of each row that is to gain.
  ///   - foils: The class of each row that is to lose.
  public func logitDifference(
    _ logits: Variable<Scalar>, labels: [Int], foils: [Int]
  ) -> Variable<Scalar> {
    precondition(
      labels.count == logits.value.rows && foils.count == labels.count,
      "\(labels.count) labels and \(foils.count) foils for \(logits.shape)")
    let chosen = gatherColumns(logits, perRow: zip(labels, foils).map { [$0, $1] })
    let signs = Tensor<Scalar>([2], [-1, 1])
    return scale(sum(multiplyRow(chosen, Variable(signs))), by: 1 / Scalar(labels.count))
  }
}
