internal import Tensors

extension Tape {
  /// How far the distributions of `logits` are from those of `reference`: the mean over rows, in
  /// nats, of the Kullback-Leibler divergence.
  ///
  ///     L = mean(Σ p · (log p − log q)),  p and q the softmax of reference and logits
  ///     ∂L/∂logits = (q − p) / rows
  ///     ∂L/∂reference = p · (log p − log q − Σ p · (log p − log q)) / rows
  ///
  /// - Parameters:
  ///   - logits: `[rows, classes]`.
  ///   - reference: `[rows, classes]`. Classes whose probability is zero count nothing.
  /// - Returns: One number, `[]`.
  public func klDivergence(
    _ logits: Variable<Scalar>, from reference: Variable<Scalar>
  ) -> Variable<Scalar> {
    precondition(
      logits.shape == reference.shape, "klDivergence: \(logits.shape) from \(reference.shape)")
    let (rows, width) = (logits.value.rows, logits.value.width)
    let logP = reference.value.logSoftmaxOfRows()
    let logQ = logits.value.logSoftmaxOfRows()
    let each = Tensor<Scalar>([rows]) {
      Scalar.divergence(rows: rows, width: width, logP.unsafePointer, logQ.unsafePointer, $0)
    }
    let value = Tensor(scalar: each.sum() / Scalar(rows))
    return record(value, from: [logits, reference]) { g in
      let factor = g.scalar / Scalar(rows)
      let p = logP.map(.exp)
      var dReference: Tensor<Scalar>?
      if reference.isTracked {
        let excess = (logP - logQ).combined(.subtract, with: each, over: .column)
        dReference = Tensor.selecting(p, p * excess, p).scaled(by: factor)
      }
      return [logits.isTracked ? (logQ.map(.exp) - p).scaled(by: factor) : nil, dReference]
    }
  }
}
