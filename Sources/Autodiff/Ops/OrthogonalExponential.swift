public import Tensors

extension Tape {
  /// A square orthogonal matrix as the exponential of a skew-symmetric one.
  ///
  ///     A = L − Lᵀ        y = base · exp(A),  L the lower triangle of original
  ///     ∂L/∂original = lower triangle of (h − hᵀ)        with h = ∂L/∂A
  ///
  /// - Parameters:
  ///   - base: Orthogonal, `[d, d]`; a constant.
  ///   - original: `[d, d]`; what is on and above the diagonal has no effect.
  ///
  /// Lezcano-Casado, 2019, <https://arxiv.org/abs/1909.09501>, as PyTorch's
  /// `parametrizations.orthogonal` has it.
  public func orthogonalExponential(
    base: Tensor<Scalar>, original: Variable<Scalar>
  ) -> Variable<Scalar> {
    precondition(
      base.shape == original.shape && base.rows == base.width,
      "orthogonalExponential: base \(base.shape), original \(original.shape)")
    let lower = original.value.lowerTriangle()
    let skew = record(lower - lower.transposed(), from: [original]) { h in
      [(h - h.transposed()).lowerTriangle()]
    }
    return matrixProduct(Variable(base), matrixExponential(skew))
  }
}
