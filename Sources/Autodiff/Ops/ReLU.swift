internal import Tensors

extension Tape {
  /// What is above zero, and zero elsewhere: `∂L/∂x = g` where x > 0, else 0.
  public func relu(_ x: Variable<Scalar>) -> Variable<Scalar> { activate(x, .relu) }
}
