/// A formula over named values: what an expression intervention computes.
indirect enum Formula: Sendable, Equatable {
  enum Operation: Character, Sendable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case product = "@"
  }

  enum Function: String, Sendable, CaseIterable {
    case sigmoid, tanh, exp, relu, log, sqrt
    /// Over the coordinates of each vector.
    case norm, mean, sum, softmax
    /// Of two values, or over the coordinates of each vector.
    case max, min
    case clamp
    /// Side by side.
    case concat

    /// How many values it is of.
    var arity: ClosedRange<Int> {
      switch self {
      case .max, .min: 1...2
      case .clamp: 3...3
      case .concat: 2...64
      default: 1...1
      }
    }
  }

  /// What is taken of a value: an element, or a range whose end is left out; below 0 from the end.
  enum Slice: Sendable, Equatable {
    case one(Int)
    case range(Int?, Int?)

    var text: String {
      switch self {
      case .one(let index): "\(index)"
      case .range(let first, let last):
        "\(first.map(String.init) ?? ""):\(last.map(String.init) ?? "")"
      }
    }
  }

  case number(Double)
  case name(String)
  case transposed(Formula)
  case negated(Formula)
  case applied(Function, [Formula])
  /// Along the last axis if `isLast`, else along the first that a formula sees: of vectors the
  /// coordinates, of a matrix the rows, of constants with three axes the matrices.
  case sliced(Formula, Slice, isLast: Bool)
  case combined(Operation, Formula, Formula)

  /// What stands for a vector at each place.
  static let vectorNames: Set<String> = ["base", "source", "input"]

  /// Whether the value is a vector for each place: whatever is made of vectors is.
  var isOfVectors: Bool { !names.isDisjoint(with: Self.vectorNames) }

  /// Every name that occurs.
  var names: Set<String> {
    switch self {
    case .number: []
    case .name(let name): [name]
    case .transposed(let inner), .negated(let inner), .sliced(let inner, _, _): inner.names
    case .applied(_, let inner): inner.reduce(into: []) { $0.formUnion($1.names) }
    case .combined(_, let left, let right): left.names.union(right.names)
    }
  }

  /// The formula as it can be written again, with every parenthesis.
  var text: String {
    switch self {
    case .number(let value): "\(value)"
    case .name(let name): name
    case .transposed(let inner): "\(inner.text).T"
    case .negated(let inner): "-\(inner.text)"
    case .applied(let function, let inner):
      "\(function.rawValue)(\(inner.map(\.text).joined(separator: ", ")))"
    case .sliced(let inner, let slice, let isLast):
      "\(inner.text)[\(isLast ? "..., " : "")\(slice.text)]"
    case .combined(let operation, let left, let right):
      "(\(left.text) \(operation.rawValue) \(right.text))"
    }
  }
}
