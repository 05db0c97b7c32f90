extension Tensor {
  /// The rows of the given numbers, in that order.
  public func gathered(_ indices: [Int]) -> Tensor {
    let (width, limit) = (width, rows)
    return Tensor([indices.count] + shape.dropFirst()) { to in
      let from = unsafePointer
      for (i, row) in indices.enumerated() {
        precondition(row >= 0 && row < limit, "row \(row) of \(limit)")
        (to + i * width).update(from: from + row * width, count: width)
      }
    }
  }

  /// A copy in which row `indices[i]` is row i of `values`.
  public func replacingRows(_ indices: [Int], with values: Tensor) -> Tensor {
    precondition(values.rows == indices.count && values.width == width, "\(values.shape) rows")
    let (width, limit) = (width, rows)
    return Tensor(shape) { to in
      to.update(from: unsafePointer, count: count)
      let from = values.unsafePointer
      for (i, row) in indices.enumerated() {
        precondition(row >= 0 && row < limit, "row \(row) of \(limit)")
        (to + row * width).update(from: from + i * width, count: width)
      }
    }
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
