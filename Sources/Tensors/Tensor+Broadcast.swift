/// How a smaller operand is laid over a matrix.
public enum Spread: Sendable, Equatable {
  /// `[width]`, the same for every row.
  case row
  /// `[rows]`, one number for each row.
  case column
  /// One number for all.
  case scalar

  /// How far the operand moves on from row to row, and from column to column.
  var steps: (down: Int, along: Int) {
    switch self {
    case .row: (0, 1)
    case .column: (1, 0)
    case .scalar: (0, 0)
    }
  }

  /// The elements that an operand has beside a matrix.
  public func count(rows: Int, width: Int) -> Int {
    switch self {
    case .row: width
    case .column: rows
    case .scalar: 1
    }
  }
}

extension Tensor {
  /// `function(x, other)`, with `other` laid over every row, every column or every element.
  public func combined(_ function: BinaryFunction, with other: Tensor, over spread: Spread)
    -> Tensor
  {
    precondition(
      other.count == spread.count(rows: rows, width: width),
      "\(function): \(other.shape) does not lie over \(shape) as a \(spread)")
    return Tensor(shape) {
      Scalar.broadcast(
        function, spread, rows: rows, width: width, unsafePointer, other.unsafePointer, $0)
    }
  }

  /// Adds `row`, `[width]`, to every row.
  public func addingToRows(_ row: Tensor) -> Tensor { combined(.add, with: row, over: .row) }

  /// Multiplies every row by `row`, `[width]`.
  public func multiplyingRows(by row: Tensor) -> Tensor {
    combined(.multiply, with: row, over: .row)
  }

  /// The sums over what an operand was laid over: the transpose of laying it there.
  public func sum(over spread: Spread) -> Tensor {
    switch spread {
    case .row: sumOfRows()
    case .column: sumOfColumns()
    case .scalar: Tensor(scalar: sum())
    }
  }
}
