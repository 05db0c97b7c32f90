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
    case sigmoid, tanh, exp, relu
  }

  case number(Double)
  case name(String)
  case transposed(Formula)
  case negated(Formula)
  case applied(Function, Formula)
  case combined(Operation, Formula, Formula)

  /// Every name that occurs.
  var names: Set<String> {
    switch self {
    case .number: []
    case .name(let name): [name]
    case .transposed(let inner), .negated(let inner), .applied(_, let inner): inner.names
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
    case .applied(let function, let inner): "\(function.rawValue)(\(inner.text))"
    case .combined(let operation, let left, let right):
      "(\(left.text) \(operation.rawValue) \(right.text))"
    }
  }
}
