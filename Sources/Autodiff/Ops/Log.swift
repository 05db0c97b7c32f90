internal import Tensors

extension Tape {
  /// The natural logarithm, element by element: `∂L/∂x = g / x`.
  public func log(_ x: Variable<Scalar>) -> Variable<Scalar> {
    record(x.value.map(.log), from: [x]) { g in [g / x.value] }
  }
}
