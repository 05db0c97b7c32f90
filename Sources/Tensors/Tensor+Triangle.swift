extension Tensor {
  /// A square or tall matrix with zeros at and above a diagonal: entry (i, j) stays where
  /// `j ≤ i + diagonal`.
  public func lowerTriangle(diagonal: Int = 0) -> Tensor {
    triangle { row in 0..<Swift.max(0, Swift.min(width, row + diagonal + 1)) }
  }

  /// A matrix with zeros below a diagonal: entry (i, j) stays where `j ≥ i + diagonal`.
  public func upperTriangle(diagonal: Int = 0) -> Tensor {
    triangle { row in Swift.min(width, Swift.max(0, row + diagonal))..<width }
  }

  private func triangle(_ kept: (Int) -> Range<Int>) -> Tensor {
    Tensor(shape) { to in
      to.update(repeating: 0, count: count)
      for row in 0..<rows {
        let columns = kept(row)
        let at = row * width + columns.lowerBound
        (to + at).update(from: unsafePointer + at, count: columns.count)
      }
    }
  }

  /// The entries (i, i), as many as the shorter side has.
  public var diagonal: Tensor {
    let side = Swift.min(rows, width)
    return Tensor([side]) { to in
      for i in 0..<side { to[i] = unsafePointer[i * width + i] }
    }
  }

  /// Ones on the diagonal and zeros elsewhere, `[rows, columns]`.
  public static func identity(_ rows: Int, _ columns: Int) -> Tensor {
    Tensor([rows, columns]) { to in
      to.update(repeating: 0, count: rows * columns)
      for i in 0..<Swift.min(rows, columns) { to[i * columns + i] = 1 }
    }
  }
}
