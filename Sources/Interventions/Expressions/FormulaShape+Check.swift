internal import Inputs

extension Formula {
  /// The shape of the value, or a refusal that names the part that does not fit.
  func shape(_ shapes: [String: FormulaShape]) throws(Refusal) -> FormulaShape {
    switch self {
    case .number: return .number
    case .negated(let inner): return try inner.shape(shapes)
    case .applied(let function, let inner): return try shape(of: function, inner, shapes)
    case .sliced(let inner, let slice, let isLast):
      return try shape(of: slice, of: inner.shape(shapes), isLast: isLast)
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

  private func shape(
    of function: Function, _ inner: [Formula], _ shapes: [String: FormulaShape]
  ) throws(Refusal) -> FormulaShape {
    var all: [FormulaShape] = []
    for one in inner { all.append(try one.shape(shapes)) }
    let result: FormulaShape?
    switch function {
    case .sigmoid, .tanh, .exp, .relu, .log, .sqrt:
      if case .stack = all[0] { result = nil } else { result = all[0] }
    case .softmax: result = all[0].reduced == nil ? nil : all[0]
    case .norm, .mean, .sum: result = all[0].reduced
    case .max, .min: result = all.count == 1 ? all[0].reduced : all[0].combined(with: all[1])
    case .clamp:
      result = all[0].combined(with: all[1]).flatMap { $0.combined(with: all[2]) }
    case .concat: result = Self.joined(all)
    }
    guard let result else {
      throw refusal(
        "\(function.rawValue) of \(all.map(\.text).joined(separator: " and ")) in \(escaped(text))",
        expected: function.arity == 1...1 || all.count == 1
          ? "a vector, a row or a matrix" : "shapes that fit")
    }
    return result
  }

  /// Values side by side: vectors, or rows and numbers.
  private static func joined(_ shapes: [FormulaShape]) -> FormulaShape? {
    var (width, isOfVectors) = (0, [Bool]())
    for shape in shapes {
      switch shape {
      case .number: width += 1
      case .row(let own), .vectors(let own): width += own
      case .matrix, .stack: return nil
      }
      if case .vectors = shape { isOfVectors.append(true) } else { isOfVectors.append(false) }
    }
    guard Set(isOfVectors).count == 1, width <= 1 << 30 else { return nil }
    return isOfVectors[0] ? .vectors(width) : FormulaShape(of: [width])
  }

  private func shape(
    of slice: Slice, of shape: FormulaShape, isLast: Bool
  ) throws(Refusal) -> FormulaShape {
    guard let count = shape.axis(isLast: isLast) else {
      throw refusal(
        "a slice of \(shape.text) in \(escaped(text))",
        expected: "that of vectors, a row, a matrix, or a matrix of several by its number")
    }
    let found = slice.numbers(of: count)
    let isOne = if case .one = slice { true } else { false }
    guard let found, let result = shape.sliced(to: isOne ? nil : found.count, isLast: isLast) else {
      throw refusal(
        "[\(slice.text)] of \(shape.text) in \(escaped(text))",
        expected: isOne || shape.sliced(to: 1, isLast: isLast) != nil
          ? "numbers from 0 to \(count - 1), or -\(count) to -1 from the end"
          : "one matrix by its number")
    }
    return result
  }

  private func refusal(_ found: String, expected: String) -> Refusal {
    Refusal(.job, field: "formula", found: found, expected: expected)
  }
}
