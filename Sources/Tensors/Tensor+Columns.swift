internal import CKernels

extension Tensor {
  /// Columns of a matrix, `[rows, range.count]`.
  public func columns(_ range: Range<Int>) -> Tensor {
    precondition(range.lowerBound >= 0 && range.upperBound <= width, "columns \(range) of \(shape)")
    return Tensor([rows, range.count]) { to in
      copyColumns(
        of: self, from: range.lowerBound, to: to, width: range.count, at: 0, count: range.count)
    }
  }

  /// A copy in which the columns of a range are those of `values`.
  public func replacingColumns(_ range: Range<Int>, with values: Tensor) -> Tensor {
    precondition(range.lowerBound >= 0 && range.upperBound <= width, "columns \(range) of \(shape)")
    precondition(
      values.count == rows * range.count, "\(values.shape) for columns \(range) of \(shape)")
    return Tensor(shape) { to in
      to.update(from: unsafePointer, count: count)
      copyColumns(
        of: values.reshaped([rows, range.count]), from: 0, to: to, width: width,
        at: range.lowerBound, count: range.count)
    }
  }

  /// The columns of several matrices with as many rows, side by side.
  public static func concatenatedColumns(_ parts: [Tensor]) -> Tensor {
    precondition(!parts.isEmpty, "nothing to concatenate")
    let rows = parts[0].rows
    precondition(parts.allSatisfy { $0.rows == rows }, "\(parts.map(\.shape)) side by side")
    let width = parts.reduce(0) { $0 + $1.width }
    return Tensor([rows, width]) { to in
      var start = 0
      for part in parts {
        copyColumns(of: part, from: 0, to: to, width: width, at: start, count: part.width)
        start += part.width
      }
    }
  }
}

/// Copies `count` columns of every row of `source` to columns of a matrix of another width.
private func copyColumns<Scalar: Real>(
  of source: Tensor<Scalar>, from: Int, to: UnsafeMutablePointer<Scalar>, width: Int, at: Int,
  count: Int
) {
  let size = MemoryLayout<Scalar>.stride
  ck_copy_rows(
    source.rows, count * size, source.unsafePointer + from, source.width * size, to + at,
    width * size)
}
