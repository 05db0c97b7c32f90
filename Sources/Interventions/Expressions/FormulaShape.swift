internal import Inputs

/// The shape of a formula's value, as far as it can be known before a run.
enum FormulaShape: Equatable {
  case number
  case row(Int)
  case matrix(rows: Int, columns: Int)
  /// Matrices, of which a formula takes one by its number.
  case stack(count: Int, rows: Int, columns: Int)
  /// A vector for each place of the intervention.
  case vectors(Int)

  init?(of shape: [Int]) {
    switch shape.count {
    case 0: self = .number
    case 1: self = shape[0] == 1 ? .number : .row(shape[0])
    case 2: self = .matrix(rows: shape[0], columns: shape[1])
    case 3: self = .stack(count: shape[0], rows: shape[1], columns: shape[2])
    default: return nil
    }
  }

  var text: String {
    switch self {
    case .number: "a number"
    case .row(let width): "[\(width)]"
    case .matrix(let rows, let columns): "[\(rows), \(columns)]"
    case .stack(let count, let rows, let columns): "[\(count), \(rows), \(columns)]"
    case .vectors(let width): "[units, \(width)]"
    }
  }

  /// The shape of an element-by-element combination; nil if the two do not fit. One number for each
  /// place goes to all coordinates of its vector.
  func combined(with other: FormulaShape) -> FormulaShape? {
    switch (self, other) {
    case (.stack, _), (_, .stack): nil
    case (.number, let one), (let one, .number): one
    case (.vectors(1), .vectors(let width)), (.vectors(let width), .vectors(1)): .vectors(width)
    case (.row(let a), .vectors(let b)), (.vectors(let b), .row(let a)):
      a == b || b == 1 ? .vectors(a) : nil
    default: self == other ? self : nil
    }
  }

  /// The shape of the matrix product; nil if there is none. With a row it is a number for each vector.
  func product(with other: FormulaShape) -> FormulaShape? {
    switch (self, other) {
    case (.vectors(let width), .matrix(let rows, let columns)):
      width == rows ? .vectors(columns) : nil
    case (.matrix(let own, let width), .matrix(let rows, let columns)):
      width == rows ? .matrix(rows: own, columns: columns) : nil
    case (.row(let width), .matrix(let rows, let columns)):
      width == rows ? FormulaShape(of: [columns]) : nil
    case (.vectors(let width), .row(let rows)): width == rows ? .vectors(1) : nil
    case (.matrix(let own, let width), .row(let rows)):
      width == rows ? FormulaShape(of: [own]) : nil
    case (.row(let width), .row(let rows)): width == rows ? .number : nil
    default: nil
    }
  }

  /// The shape of what is left of each vector or row when its coordinates become one number.
  var reduced: FormulaShape? {
    switch self {
    case .row: .number
    case .matrix(let rows, _): FormulaShape(of: [rows])
    case .vectors: .vectors(1)
    case .number, .stack: nil
    }
  }

  /// The size of the axis that a slice goes along.
  func axis(isLast: Bool) -> Int? {
    switch self {
    case .row(let width), .vectors(let width): width
    case .matrix(let rows, let columns): isLast ? columns : rows
    case .stack(let count, _, _): isLast ? nil : count
    case .number: nil
    }
  }

  /// The shape of an element of an axis, or of so many.
  func sliced(to count: Int?, isLast: Bool) -> FormulaShape? {
    switch self {
    case .row: count.map { FormulaShape(of: [$0]) } ?? .number
    case .vectors: .vectors(count ?? 1)
    case .matrix(let rows, let columns):
      switch (count, isLast) {
      case (nil, false): FormulaShape(of: [columns])
      case (nil, true): FormulaShape(of: [rows])
      case (let count?, false): .matrix(rows: count, columns: columns)
      case (let count?, true): .matrix(rows: rows, columns: count)
      }
    case .stack(_, let rows, let columns):
      count == nil ? .matrix(rows: rows, columns: columns) : nil
    case .number: nil
    }
  }
}

extension Formula.Slice {
  /// The numbers of an axis that are taken; nil if one is outside or there is none.
  func numbers(of count: Int) -> Range<Int>? {
    func counted(_ number: Int) -> Int { number < 0 ? number + count : number }
    switch self {
    case .one(let index):
      let place = counted(index)
      return (0..<count).contains(place) ? place..<place + 1 : nil
    case .range(let first, let last):
      let (from, end) = (counted(first ?? 0), last.map(counted) ?? count)
      return from >= 0 && from < end && end <= count ? from..<end : nil
    }
  }
}
