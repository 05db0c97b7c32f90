internal import Tensors

extension Tape {
  /// Adds `row`, `[width]`, to every row of x.
  ///
  ///     ∂L/∂x = g        ∂L/∂row = Σ g, over the rows
  public func addRow(_ x: Variable<Scalar>, _ row: Variable<Scalar>) -> Variable<Scalar> {
    combine(.add, x, row, over: .row)
  }

  /// Subtracts `row`, `[width]`, from every row of x.
  ///
  ///     ∂L/∂x = g        ∂L/∂row = −Σ g, over the rows
  public func subtractRow(_ x: Variable<Scalar>, _ row: Variable<Scalar>) -> Variable<Scalar> {
    combine(.subtract, x, row, over: .row)
  }

  /// Multiplies every row of x by `row`, `[width]`, element by element.
  ///
  ///     ∂L/∂x = g · row        ∂L/∂row = Σ g · x, over the rows
  public func multiplyRow(_ x: Variable<Scalar>, _ row: Variable<Scalar>) -> Variable<Scalar> {
    combine(.multiply, x, row, over: .row)
  }

  /// Divides every row of x by `row`, `[width]`, element by element.
  ///
  ///     ∂L/∂x = g / row        ∂L/∂row = −Σ g · y / row, over the rows
  public func divideRow(_ x: Variable<Scalar>, _ row: Variable<Scalar>) -> Variable<Scalar> {
    combine(.divide, x, row, over: .row)
  }
}
