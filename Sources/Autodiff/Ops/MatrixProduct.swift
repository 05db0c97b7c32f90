internal import Tensors

extension Tape {
  /// The product of two matrices, `[m, k]` by `[k, n]`.
  ///
  ///     ∂L/∂a = g bᵀ        ∂L/∂b = aᵀ g
  public func matrixProduct(_ a: Variable<Scalar>, _ b: Variable<Scalar>) -> Variable<Scalar> {
    precondition(a.value.width == b.value.rows, "matrixProduct: \(a.shape) by \(b.shape)")
    return record(a.value.matrixProduct(b.value), from: [a, b]) { g in
      [
        a.isTracked ? g.matrixProduct(transposed: b.value).reshaped(a.shape) : nil,
        b.isTracked ? a.value.gram(with: g).reshaped(b.shape) : nil,
      ]
    }
  }

  /// The product with a transposed matrix, `[m, k]` by `[n, k]`ᵀ.
  ///
  ///     ∂L/∂a = g b        ∂L/∂b = gᵀ a
  public func matrixProduct(
    _ a: Variable<Scalar>, transposed b: Variable<Scalar>
  ) -> Variable<Scalar> {
    precondition(a.value.width == b.value.width, "matrixProduct: \(a.shape) by \(b.shape)ᵀ")
    return record(a.value.matrixProduct(transposed: b.value), from: [a, b]) { g in
      [
        a.isTracked ? g.matrixProduct(b.value).reshaped(a.shape) : nil,
        b.isTracked ? g.gram(with: a.value).reshaped(b.shape) : nil,
      ]
    }
  }
}
