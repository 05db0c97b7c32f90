public import Tensors

extension Tape {
  /// The nonlinearity of an MLP, element by element: `∂L/∂x = g · f′(x)`.
  public func activate(_ x: Variable<Scalar>, _ function: Activation) -> Variable<Scalar> {
    record(x.value.map(.activation(function)), from: [x]) { g in
      [
        Tensor(g.shape) {
          Scalar.unaryGradient(function, x.value.unsafePointer, g.unsafePointer, $0, g.count)
        }
      ]
    }
  }
}
