internal import Tensors

extension Tape {
  /// The columns of a range, `[rows, range.count]`.
  public func columns(_ x: Variable<Scalar>, _ range: Range<Int>) -> Variable<Scalar> {
    record(x.value.columns(range), from: [x]) { g in
      [Tensor(zeros: x.shape).replacingColumns(range, with: g)]
    }
  }

  /// A copy of `x` with the columns of a range replaced.
  ///
  /// The gradient of `values` is that of the range, and x has none there.
  public func replaceColumns(
    _ x: Variable<Scalar>, _ range: Range<Int>, with values: Variable<Scalar>
  ) -> Variable<Scalar> {
    record(x.value.replacingColumns(range, with: values.value), from: [x, values]) { g in
      [
        x.isTracked ? g.replacingColumns(range, with: Tensor(zeros: values.shape)) : nil,
        values.isTracked ? g.columns(range).reshaped(values.shape) : nil,
      ]
    }
  }

  /// The columns of several matrices with as many rows, side by side.
  public func concatenateColumns(_ parts: [Variable<Scalar>]) -> Variable<Scalar> {
    record(.concatenatedColumns(parts.map(\.value)), from: parts) { g in
      var start = 0
      return parts.map { part in
        defer { start += part.value.width }
        guard part.isTracked else { return nil }
        return g.columns(start..<start + part.value.width).reshaped(part.shape)
      }
    }
  }
}
