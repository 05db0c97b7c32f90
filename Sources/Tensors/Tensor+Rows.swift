extension Tensor {
  /// The rows of the given numbers, in that order.
  public func gathered(_ indices: [Int]) -> Tensor { gathered(.rows(indices, of: shape)) }

  /// A copy in which row `indices[i]` is row i of `values`.
  public func replacingRows(_ indices: [Int], with values: Tensor) -> Tensor {
    precondition(values.rows == indices.count && values.width == width, "\(values.shape) rows")
    return replacing(.rows(indices, of: shape), with: values)
  }

  /// The tensors' rows below each other; all other axes are equal.
  public static func concatenated(_ parts: [Tensor]) -> Tensor {
    precondition(!parts.isEmpty, "nothing to concatenate")
    let tail = parts[0].shape.dropFirst()
    precondition(parts.allSatisfy { $0.shape.dropFirst() == tail }, "rows of different shapes")
    return Tensor([parts.reduce(0) { $0 + $1.rows }] + tail) { to in
      var to = to
      for part in parts {
        to.update(from: part.unsafePointer, count: part.count)
        to += part.count
      }
    }
  }
}
