internal import Tensors

extension Tape {
  /// `function(x, other)` with `other` laid over the rows, the columns or all of x.
  ///
  /// The gradient of `other` is summed over the places where it was laid.
  func combine(
    _ function: BinaryFunction, _ x: Variable<Scalar>, _ other: Variable<Scalar>,
    over spread: Spread
  ) -> Variable<Scalar> {
    let y = x.value.combined(function, with: other.value, over: spread)
    return record(y, from: [x, other]) { g in
      var dx: Tensor<Scalar>?
      var dOther: Tensor<Scalar>?
      if x.isTracked {
        switch function {
        case .add, .subtract: dx = g
        case .multiply, .divide: dx = g.combined(function, with: other.value, over: spread)
        }
      }
      if other.isTracked {
        switch function {
        case .add: dOther = g.sum(over: spread)
        case .subtract: dOther = g.sum(over: spread).scaled(by: -1)
        case .multiply: dOther = (g * x.value).sum(over: spread)
        case .divide:
          let sum = (g * y).sum(over: spread).reshaped(other.shape)
          dOther = (sum / other.value).scaled(by: -1)
        }
      }
      return [dx, dOther?.reshaped(other.shape)]
    }
  }
}
