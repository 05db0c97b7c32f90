extension Tensor {
  /// The log of the sum of the exponentials of each row, `[rows]`.
  public func logSumExp() -> Tensor {
    Tensor([rows]) { Scalar.logSumExp(rows: rows, width: width, unsafePointer, $0) }
  }

  /// The softmax of each row.
  public func softmaxOfRows() -> Tensor {
    Tensor(shape) { Scalar.softmax(rows: rows, width: width, unsafePointer, $0) }
  }

  /// The logarithm of the softmax of each row.
  public func logSoftmaxOfRows() -> Tensor {
    combined(.subtract, with: logSumExp(), over: .column)
  }

  /// One at each row's largest element, the first if there are several, and zero elsewhere.
  public func oneHotOfRows() -> Tensor {
    precondition(width > 0, "the largest of no elements in \(shape)")
    return Tensor(shape) { to in
      to.update(repeating: 0, count: count)
      for (r, column) in largestOfRows().enumerated() { to[r * width + column] = 1 }
    }
  }

  /// The column of each row's largest element, the first if there are several; NaN is the largest.
  public func largestOfRows() -> [Int] {
    precondition(width > 0, "the largest of no elements in \(shape)")
    return withPointer { x in
      (0..<rows).map { r in
        let row = x + r * width
        var most = 0
        for i in 0..<width where row[i] > row[most] || (row[i].isNaN && !row[most].isNaN) {
          most = i
        }
        return most
      }
    }
  }
}
