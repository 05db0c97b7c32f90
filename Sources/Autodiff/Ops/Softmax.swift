internal import Tensors

extension Tape {
  /// The softmax of each row.
  ///
  ///     y = exp(x) / Σ exp(x)        ∂L/∂x = y · (g − Σ g · y)
  public func softmaxRows(_ x: Variable<Scalar>) -> Variable<Scalar> {
    let (rows, width) = (x.value.rows, x.value.width)
    let y = x.value.softmaxOfRows()
    return record(y, from: [x]) { g in
      [
        Tensor(x.shape) {
          Scalar.softmaxGradient(rows: rows, width: width, y.unsafePointer, g.unsafePointer, $0)
        }
      ]
    }
  }

  /// The logarithm of the softmax of each row.
  ///
  ///     y = x − log Σ exp(x)        ∂L/∂x = g − exp(y) · Σ g
  public func logSoftmaxRows(_ x: Variable<Scalar>) -> Variable<Scalar> {
    let y = x.value.logSoftmaxOfRows()
    return record(y, from: [x]) { g in
      [g - y.map(.exp).combined(.multiply, with: g.sumOfColumns(), over: .column)]
    }
  }
}
