internal import Tensors

extension Tape {
  /// The hyperbolic tangent, element by element: `∂L/∂x = g · (1 − y²)`.
  public func tanh(_ x: Variable<Scalar>) -> Variable<Scalar> {
    let y = x.value.map(.tanh)
    return record(y, from: [x]) { g in [g * (y * y).scaled(by: -1, plus: 1)] }
  }
}
