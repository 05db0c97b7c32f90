internal import Tensors

extension Tape {
  /// Adds to each row of x its number in `column`, `[rows]`.
  ///
  ///     ∂L/∂x = g        ∂L/∂column = Σ g, over the columns
  public func addColumn(_ x: Variable<Scalar>, _ column: Variable<Scalar>) -> Variable<Scalar> {
    combine(.add, x, column, over: .column)
  }

  /// Multiplies each row of x by its number in `column`, `[rows]`.
  ///
  ///     ∂L/∂x = g · column        ∂L/∂column = Σ g · x, over the columns
  public func scaleRows(_ x: Variable<Scalar>, by column: Variable<Scalar>) -> Variable<Scalar> {
    combine(.multiply, x, column, over: .column)
  }

  /// Divides each row of x by its number in `column`, `[rows]`.
  ///
  ///     ∂L/∂x = g / column        ∂L/∂column = −Σ g · y / column, over the columns
  public func divideColumn(_ x: Variable<Scalar>, _ column: Variable<Scalar>) -> Variable<Scalar> {
    combine(.divide, x, column, over: .column)
  }
}
