internal import Tensors

extension Tape {
  /// Adds one number, a variable, to every element of x.
  ///
  ///     ∂L/∂x = g        ∂L/∂number = Σ g
  public func add(_ x: Variable<Scalar>, number: Variable<Scalar>) -> Variable<Scalar> {
    combine(.add, x, number, over: .scalar)
  }

  /// Multiplies every element of x by one number, a variable.
  ///
  ///     ∂L/∂x = g · number        ∂L/∂number = Σ g · x
  public func multiply(_ x: Variable<Scalar>, number: Variable<Scalar>) -> Variable<Scalar> {
    combine(.multiply, x, number, over: .scalar)
  }

  /// Divides every element of x by one number, a variable.
  ///
  ///     ∂L/∂x = g / number        ∂L/∂number = −Σ g · y / number
  public func divide(_ x: Variable<Scalar>, number: Variable<Scalar>) -> Variable<Scalar> {
    combine(.divide, x, number, over: .scalar)
  }
}
