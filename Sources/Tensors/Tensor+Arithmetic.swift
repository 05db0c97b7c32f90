extension Tensor {
  private func zip(_ other: Tensor, _ function: BinaryFunction) -> Tensor {
    precondition(shape == other.shape, "\(function) of \(shape) and \(other.shape)")
    return Tensor(shape) {
      Scalar.binary(function, unsafePointer, other.unsafePointer, $0, count)
    }
  }

  public static func + (a: Tensor, b: Tensor) -> Tensor { a.zip(b, .add) }
  public static func - (a: Tensor, b: Tensor) -> Tensor { a.zip(b, .subtract) }
  public static func * (a: Tensor, b: Tensor) -> Tensor { a.zip(b, .multiply) }
  public static func / (a: Tensor, b: Tensor) -> Tensor { a.zip(b, .divide) }

  /// `factor · x + offset`, element by element.
  public func scaled(by factor: Scalar, plus offset: Scalar = 0) -> Tensor {
    Tensor(shape) { Scalar.scale(unsafePointer, factor, offset, $0, count) }
  }

  public func map(_ function: UnaryFunction) -> Tensor {
    Tensor(shape) { Scalar.unary(function, unsafePointer, $0, count) }
  }

  /// The sum of all elements.
  public func sum() -> Scalar { withPointer { Scalar.sum($0, count) } }

  /// The sum over the first axis, `[width]`.
  public func sumOfRows() -> Tensor {
    Tensor([width]) { Scalar.sumRows(rows: rows, width: width, unsafePointer, $0) }
  }

  /// Each row's sum, `[rows]`.
  public func sumOfColumns() -> Tensor {
    Tensor([rows]) { Scalar.sumColumns(rows: rows, width: width, unsafePointer, $0) }
  }

  /// The log of the sum of the exponentials of each row, `[rows]`.
  public func logSumExp() -> Tensor {
    Tensor([rows]) { Scalar.logSumExp(rows: rows, width: width, unsafePointer, $0) }
  }
}
