public import Tensors

extension Tape {
  /// A soft draw of one class for each row, by the softmax of logits with Gumbel noise.
  ///
  ///     y = softmax((logits + noise) / temperature)
  ///
  /// - Parameters:
  ///   - logits: `[rows, classes]`.
  ///   - noise: Of the same shape; see `Tensor.gumbelNoise`.
  ///   - hard: Whether the value is the one class drawn, with the soft draw's gradient.
  ///
  /// Jang et al., 2016, <https://arxiv.org/abs/1611.01144>.
  public func gumbelSoftmax(
    _ logits: Variable<Scalar>, noise: Tensor<Scalar>, temperature: Scalar, hard: Bool = false
  ) -> Variable<Scalar> {
    precondition(temperature > 0, "gumbelSoftmax: a temperature of \(temperature)")
    let scores = scale(add(logits, Variable(noise)), by: 1 / temperature)
    let soft = softmaxRows(scores)
    return hard ? straightThrough(hard: soft.value.oneHotOfRows(), soft: soft) : soft
  }
}
