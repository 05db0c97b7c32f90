internal import Tensors

extension Tape {
  /// The logistic function, element by element.
  ///
  ///     y = 1 / (1 + exp(−x))        ∂L/∂x = g · y · (1 − y)
  public func sigmoid(_ x: Variable<Scalar>) -> Variable<Scalar> {
    let y = x.value.map(.sigmoid)
    return record(y, from: [x]) { g in [g * y * y.scaled(by: -1, plus: 1)] }
  }
}
