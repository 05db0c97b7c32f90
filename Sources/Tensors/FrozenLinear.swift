internal import Locks

/// An affine map that is not trained: `y = x Wᵀ + b`, and its transpose for gradients of `x`.
public final class FrozenLinear<Scalar: Real>: Sendable {
  /// W, `[outputs, inputs]`.
  public let weight: PackedMatrix<Scalar>
  /// `[outputs]`, or nil.
  public let bias: Tensor<Scalar>?
  private let transposed = Locked<PackedMatrix<Scalar>?>(nil)

  /// The map with these weights.
  public init(_ weight: PackedMatrix<Scalar>, bias: Tensor<Scalar>? = nil) {
    self.weight = weight
    self.bias = bias
  }

  /// `x Wᵀ + b`, `[rows, inputs]` to `[rows, outputs]`.
  public func callAsFunction(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
    weight.product(x, bias: bias)
  }

  /// `g W`, `[rows, outputs]` to `[rows, inputs]`. Weights of `Scalar` are packed transposed at the
  /// first call and kept, as much memory again; of those in a file's form each part is turned as it
  /// is decoded.
  public func transposedProduct(_ g: Tensor<Scalar>) -> Tensor<Scalar> {
    if let product = weight.storedTransposedProduct(g) { return product }
    let packed = transposed.withLock { kept in
      if let kept { return kept }
      let made = PackedMatrix(weight.unpacked(), transposed: true)
      kept = made
      return made
    }
    return packed.product(g)
  }
}
