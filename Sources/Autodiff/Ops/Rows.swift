package import Tensors

extension Tape {
  /// The rows of the given numbers; their gradients are added back where a row was taken twice.
  public func rows(_ x: Variable<Scalar>, _ indices: [Int]) -> Variable<Scalar> {
    record(x.value.gathered(indices), from: [x]) { g in
      [g.addedToRows(indices, of: x.shape)]
    }
  }

  /// A copy of `x` in which row `indices[i]` is row i of `values`. Each row is named once.
  public func replaceRows(
    _ x: Variable<Scalar>, _ indices: [Int], with values: Variable<Scalar>
  ) -> Variable<Scalar> {
    record(x.value.replacingRows(indices, with: values.value), from: [x, values]) { g in
      [
        x.isTracked ? g.replacingRows(indices, with: Tensor(zeros: values.shape)) : nil,
        values.isTracked ? g.gathered(indices).reshaped(values.shape) : nil,
      ]
    }
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

extension Tensor {
  /// Zeros of `shape` with row i of this tensor added to row `indices[i]`.
  package func addedToRows(_ indices: [Int], of shape: [Int]) -> Tensor {
    Tensor(shape) { to in
      to.update(repeating: 0, count: shape.reduce(1, *))
      for (i, row) in indices.enumerated() {
        Scalar.accumulate(1, unsafePointer + i * width, to + row * width, width)
      }
    }
  }
}
