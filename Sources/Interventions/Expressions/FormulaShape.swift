internal import Inputs

/// The shape of a formula's value, as far as it can be known before a run.
enum FormulaShape: Equatable {
  case number
  case row(Int)
  case matrix(rows: Int, columns: Int)
  /// A vector for each place of the intervention.
  case vectors(Int)

  init?(of shape: [Int]) {
    switch shape.count {
    case 0: self = .number
    case 1: self = shape[0] == 1 ? .number : .row(shape[0])
    case 2: self = .matrix(rows: shape[0], columns: shape[1])
    default: return nil
    }
  }

  var text: String {
    switch self {
    case .number: "a number"
    case .row(let width): "[\(width)]"
    case .matrix(let rows, let columns): "[\(rows), \(columns)]"
    case .vectors(let width): "[units, \(width)]"
    }
  }

  /// The shape of an element-by-element combination; nil if the two do not fit.
  func combined(with other: FormulaShape) -> FormulaShape? {
    switch (self, other) {
    case (.number, let one), (let one, .number): one
    case (.row(let a), .vectors(let b)), (.vectors(let b), .row(let a)):
      a == b ? .vectors(a) : nil
    default: self == other ? self : nil
    }
  }

  /// The shape of the matrix product; nil if there is none.
  func product(with other: FormulaShape) -> FormulaShape? {
    guard case .matrix(let rows, let columns) = other else { return nil }
    return switch self {
    case .vectors(let width): width == rows ? .vectors(columns) : nil
    case .matrix(let own, let width): width == rows ? .matrix(rows: own, columns: columns) : nil
    case .row(let width): width == rows ? .row(columns) : nil
    case .number: nil
    }
  }
}

extension Formula {
  /// The shape of the value, or a refusal that names the part that does not fit.
  func shape(_ shapes: [String: FormulaShape]) throws(Refusal) -> FormulaShape {
    switch self {
    case .number: return .number
    case .negated(let inner), .applied(_, let inner): return try inner.shape(shapes)
    case .name(let name):
      guard let shape = shapes[name] else {
        let known = shapes.keys.sorted()
        let near = nearest(to: name, among: known).map { "\($0) (did you mean that?)" }
        throw refusal(
          "the unknown name \(quoted(name))", expected: near ?? known.joined(separator: ", "))
      }
      return shape
    case .transposed(let inner):
      let shape = try inner.shape(shapes)
      guard case .matrix(let rows, let columns) = shape else {
        throw refusal("the transpose of \(shape.text)", expected: "that of a matrix")
      }
      return .matrix(rows: columns, columns: rows)
    case .combined(let operation, let left, let right):
      let (a, b) = (try left.shape(shapes), try right.shape(shapes))
      let shape = operation == .product ? a.product(with: b) : a.combined(with: b)
      guard let shape else {
        throw refusal(
          "\(a.text) \(operation.rawValue) \(b.text) in \(escaped(text))",
          expected: operation == .product
            ? "as many columns as the matrix has rows" : "shapes that fit element by element")
      }
      return shape
    }
  }

  private func refusal(_ found: String, expected: String) -> Refusal {
    Refusal(.job, field: "formula", found: found, expected: expected)
  }
}
