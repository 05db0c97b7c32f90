internal import Tensors

extension Tape {
  /// The square root, element by element: `∂L/∂x = g / (2 √x)`, infinite at 0.
  public func squareRoot(_ x: Variable<Scalar>) -> Variable<Scalar> {
    let roots = Tensor(x.shape, x.value.elements.map { $0.squareRoot() })
    return record(roots, from: [x]) { g in [g / roots.scaled(by: 2)] }
  }

  /// Each row's length, `[rows, 1]`.
  ///
  ///     y = √(Σ x²)        ∂L/∂x = g · x / y, 0 where the row is 0
  public func normOfRows(_ x: Variable<Scalar>) -> Variable<Scalar> {
    let lengths = (x.value * x.value).sumOfColumns().elements.map { $0.squareRoot() }
    return record(Tensor([lengths.count, 1], lengths), from: [x]) { g in
      let factors = zip(g.elements, lengths).map { $1 == 0 ? 0 : $0 / $1 }
      return [
        x.value.combined(.multiply, with: Tensor([factors.count], factors), over: .column)
      ]
    }
  }
}
