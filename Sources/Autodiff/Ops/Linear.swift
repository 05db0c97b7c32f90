public import Tensors

extension Tape {
  /// `y = x Wᵀ + b` with weights that are not trained.
  ///
  ///     ∂L/∂x = g W
  public func linear(_ x: Variable<Scalar>, _ map: FrozenLinear<Scalar>) -> Variable<Scalar> {
    record(map(x.value), from: [x]) { g in [map.transposedProduct(g)] }
  }

  /// `y = x Wᵀ + b` with weights that may be trained.
  ///
  ///     ∂L/∂x = g W        ∂L/∂W = gᵀ x        ∂L/∂b = Σ g, over the rows
  ///
  /// - Parameters:
  ///   - x: `[rows, inputs]`.
  ///   - weight: `[outputs, inputs]`.
  ///   - bias: `[outputs]`.
  public func linear(
    _ x: Variable<Scalar>, weight: Variable<Scalar>, bias: Variable<Scalar>? = nil
  ) -> Variable<Scalar> {
    precondition(weight.shape[1] == x.value.width, "linear: \(weight.shape) for \(x.shape)")
    let y = PackedMatrix(weight.value).product(x.value, bias: bias?.value)
    return record(y, from: [x, weight] + (bias.map { [$0] } ?? [])) { g in
      [
        x.isTracked ? g.matrixProduct(weight.value) : nil,
        weight.isTracked ? g.gram(with: x.value) : nil,
      ] + (bias.map { [$0.isTracked ? g.sumOfRows() : nil] } ?? [])
    }
  }
}
