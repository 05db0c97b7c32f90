public import Tensors

extension Tape {
  /// What is above both zero and its feature's threshold, and zero elsewhere: the gate of sparse
  /// autoencoders.
  ///
  ///     ∂L/∂x = g where x > threshold and x > 0, else 0
  ///
  /// - Parameters:
  ///   - x: `[rows, width]`.
  ///   - threshold: `[width]`; it takes no gradient.
  ///
  /// Rajamanoharan et al., 2024, <https://arxiv.org/abs/2407.14435>.
  public func jumpReLU(_ x: Variable<Scalar>, threshold: Tensor<Scalar>) -> Variable<Scalar> {
    let (rows, width) = (x.value.rows, x.value.width)
    precondition(threshold.count == width, "jumpReLU: threshold \(threshold.shape), x \(x.shape)")
    let y = Tensor(x.shape) {
      Scalar.jumpReLU(
        rows: rows, width: width, x.value.unsafePointer, threshold: threshold.unsafePointer, $0)
    }
    return record(y, from: [x]) { g in
      [
        Tensor(x.shape) {
          Scalar.jumpReLUGradient(
            rows: rows, width: width, x.value.unsafePointer, threshold: threshold.unsafePointer,
            g.unsafePointer, $0)
        }
      ]
    }
  }
}
