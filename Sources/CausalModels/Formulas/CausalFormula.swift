/// A formula over causal variables: what the function of a variable in a job file says.
indirect enum CausalFormula: Sendable, Equatable {
  enum Operation: String, Sendable {
    case or, and
    case equal = "=="
    case unequal = "!="
    case less = "<"
    case atMost = "<="
    case more = ">"
    case atLeast = ">="
    case member = "in"
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    /// Rounds down, as Python's.
    case quotient = "//"
    /// Has the sign of the divisor, as Python's.
    case remainder = "%"
    /// `list[index]`
    case item = "[]"
  }

  enum Function: String, Sendable, CaseIterable {
    case `if`, min, max, abs, floor, round, length, count

    /// How many arguments it takes.
    var arguments: ClosedRange<Int> {
      switch self {
      case .if: 3...3
      case .min, .max: 1...100
      case .abs, .floor, .length: 1...1
      case .round: 1...2
      case .count: 2...2
      }
    }
  }

  case value(CausalValue)
  case name(String)
  case list([CausalFormula])
  case negated(CausalFormula)
  case not(CausalFormula)
  case combined(Operation, CausalFormula, CausalFormula)
  case applied(Function, [CausalFormula])

  /// Every name, in the order in which it first occurs.
  var names: [String] {
    var names: [String] = []
    collect(&names)
    return names
  }

  private func collect(_ names: inout [String]) {
    switch self {
    case .value: break
    case .name(let name): if !names.contains(name) { names.append(name) }
    case .negated(let inner), .not(let inner): inner.collect(&names)
    case .combined(_, let left, let right):
      left.collect(&names)
      right.collect(&names)
    case .list(let items), .applied(_, let items): for item in items { item.collect(&names) }
    }
  }
}
