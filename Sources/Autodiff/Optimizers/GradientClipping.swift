public import Tensors

/// Gradients scaled down together so that their norm, taken over all of them, is at most `limit`,
/// and the norm that they had.
///
///     g · min(1, limit / (norm + 10⁻⁶))
///
/// Pascanu et al., 2012, <https://arxiv.org/abs/1211.5063>; the constant is PyTorch's.
public func clipped<Scalar: Real>(
  _ gradients: [Tensor<Scalar>?], toNorm limit: Double
) -> (gradients: [Tensor<Scalar>?], norm: Double) {
  precondition(limit >= 0, "a norm of \(limit)")
  var squares = 0.0
  for case let gradient? in gradients {
    squares += Double(Scalar.dot(gradient.unsafePointer, gradient.unsafePointer, gradient.count))
  }
  let norm = squares.squareRoot()
  let factor = Swift.min(1, Scalar(limit / (norm + 1e-6)))
  // A norm that is not a number must reach the parameters, where it is noticed.
  let scale = norm.isNaN ? Scalar.nan : factor
  return (gradients.map { $0?.scaled(by: scale) }, norm)
}
