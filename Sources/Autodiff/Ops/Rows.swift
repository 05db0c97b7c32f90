internal import Tensors

extension Tape {
  /// The rows of the given numbers; their gradients are added back where a row was taken twice.
  public func rows(_ x: Variable<Scalar>, _ indices: [Int]) -> Variable<Scalar> {
    gather(x, .rows(indices, of: x.shape))
  }

  /// A copy of `x` in which row `indices[i]` is row i of `values`. Of a row that is named twice the
  /// last value stays.
  public func replaceRows(
    _ x: Variable<Scalar>, _ indices: [Int], with values: Variable<Scalar>
  ) -> Variable<Scalar> {
    precondition(
      values.value.rows == indices.count && values.value.width == x.value.width,
      "replaceRows: \(values.shape) for \(indices.count) rows of \(x.shape)")
    return replace(x, .rows(indices, of: x.shape), with: values)
  }

  /// The rows of several variables below each other.
  public func concatenate(_ parts: [Variable<Scalar>]) -> Variable<Scalar> {
    record(.concatenated(parts.map(\.value)), from: parts) { g in
      var start = 0
      return parts.map { part in
        defer { start += part.value.rows }
        return part.isTracked ? g.rows(start..<start + part.value.rows) : nil
      }
    }
  }
}
