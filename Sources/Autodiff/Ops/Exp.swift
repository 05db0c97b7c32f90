internal import Tensors

extension Tape {
  /// The exponential, element by element: `∂L/∂x = g · y`.
  public func exp(_ x: Variable<Scalar>) -> Variable<Scalar> {
    let y = x.value.map(.exp)
    return record(y, from: [x]) { g in [g * y] }
  }
}
