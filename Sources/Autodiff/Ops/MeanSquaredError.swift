internal import Tensors

extension Tape {
  /// The mean of the squared differences, `[]`.
  ///
  ///     L = mean((a − b)²)        ∂L/∂a = 2 · g · (a − b) / count        ∂L/∂b = −∂L/∂a
  public func meanSquaredError(_ a: Variable<Scalar>, _ b: Variable<Scalar>) -> Variable<Scalar> {
    let difference = a.value - b.value
    let count = Scalar(difference.count)
    let value = Tensor(scalar: (difference * difference).sum() / count)
    return record(value, from: [a, b]) { g in
      let factor = 2 * g.scalar / count
      return [
        a.isTracked ? difference.scaled(by: factor) : nil,
        b.isTracked ? difference.scaled(by: -factor) : nil,
      ]
    }
  }
}
