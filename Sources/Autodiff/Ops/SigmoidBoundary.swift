public import Tensors

extension Tape {
  /// A soft interval: `σ((x − low) / T) · σ((high − x) / T)`, element by element.
  ///
  /// - Parameters:
  ///   - x: Places, of any shape.
  ///   - low: Where the interval begins, and `high` where it ends, in the units of `x`.
  ///   - temperature: In the units of `x`; smaller is sharper.
  ///
  /// Wu et al., 2023, <https://arxiv.org/abs/2305.08809>.
  public func sigmoidBoundary(
    _ x: Variable<Scalar>, low: Scalar, high: Scalar, temperature: Scalar
  ) -> Variable<Scalar> {
    let share = 1 / temperature
    return multiply(
      sigmoid(scale(x, by: share, plus: -low * share)),
      sigmoid(scale(x, by: -share, plus: high * share)))
  }
}

extension Tensor {
  /// A soft interval by the harmonic mean of the distances to its ends.
  ///
  ///     x ≤ low: σ((x − low) / T)      x ≥ high: σ((high − x) / T)
  ///     between: σ(h / T),   1 / h = ½ (1 / |x − low| + 1 / |x − high|)
  ///
  /// - Parameters:
  ///   - low: Where the interval begins, and `high` where it ends, in the units of the elements.
  ///   - temperature: In the units of the elements; smaller is sharper.
  public func harmonicSigmoidBoundary(
    low: Scalar, high: Scalar, temperature: Scalar
  ) -> Tensor {
    let distances = elements.map { x -> Scalar in
      if x <= low { return x - low }
      if x >= high { return high - x }
      return 2 * (x - low) * (high - x) / (high - low)
    }
    return Tensor(shape, distances).scaled(by: 1 / temperature).map(.sigmoid)
  }

  /// How far a square matrix is from a permutation: half the mean distance of row and column sums
  /// from 1, and the mean of `r (1 − r)` over its elements. 0 for a permutation.
  ///
  /// - Precondition: The matrix is square.
  public var closenessToPermutation: Scalar {
    precondition(shape.count == 2 && rows == width && rows > 0, "a matrix of shape \(shape)")
    let values = elements
    var (rowSums, columnSums) = (
      [Scalar](repeating: 0, count: rows), [Scalar](repeating: 0, count: rows)
    )
    var spread: Scalar = 0
    for (place, value) in values.enumerated() {
      rowSums[place / rows] += value
      columnSums[place % rows] += value
      spread += value * (1 - value)
    }
    func off(_ sums: [Scalar]) -> Scalar {
      sums.reduce(0) { $0 + abs($1 - 1) } / Scalar(rows)
    }
    return (off(rowSums) + off(columnSums)) / 2 + spread / Scalar(values.count)
  }
}
