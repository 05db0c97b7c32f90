extension Tensor {
  private func zip(_ other: Tensor, _ function: BinaryFunction) -> Tensor {
    precondition(shape == other.shape, "\(function) of \(shape) and \(other.shape)")
    return Tensor(shape) {
      Scalar.binary(function, unsafePointer, other.unsafePointer, $0, count)
    }
  }

  /// The sums of elements, of one shape.
  public static func + (a: Tensor, b: Tensor) -> Tensor { a.zip(b, .add) }
  /// The differences of elements, of one shape.
  public static func - (a: Tensor, b: Tensor) -> Tensor { a.zip(b, .subtract) }
  /// The products of elements, of one shape.
  public static func * (a: Tensor, b: Tensor) -> Tensor { a.zip(b, .multiply) }
  /// The quotients of elements, of one shape.
  public static func / (a: Tensor, b: Tensor) -> Tensor { a.zip(b, .divide) }

  /// `factor · x + offset`, element by element.
  public func scaled(by factor: Scalar, plus offset: Scalar = 0) -> Tensor {
    Tensor(shape) { Scalar.scale(unsafePointer, factor, offset, $0, count) }
  }

  /// The function of each element.
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

  /// Each element held within the limits; NaN stays.
  public func clamped(from low: Scalar, to high: Scalar) -> Tensor {
    Tensor(shape) { Scalar.clamp(unsafePointer, low, high, $0, count) }
  }

  /// Elements of `a` where the mask is not zero, elements of `b` where it is.
  public static func selecting(_ mask: Tensor, _ a: Tensor, _ b: Tensor) -> Tensor {
    precondition(
      mask.shape == a.shape && a.shape == b.shape, "\(a.shape) or \(b.shape) by \(mask.shape)")
    return Tensor(a.shape) {
      Scalar.select(mask.unsafePointer, a.unsafePointer, b.unsafePointer, $0, a.count)
    }
  }
}
