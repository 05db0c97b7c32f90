internal import Inputs

/// Reads a formula such as `base + (source - base) @ R @ R.T`.
///
///     sum     = product { ("+" | "-") product }
///     product = signed { ("*" | "/" | "@") signed }
///     signed  = "-" signed | value { ".T" | "[" [ "..." "," ] slice "]" }
///     slice   = integer | [ integer ] ":" [ integer ]
///     value   = number | name | function "(" sum { "," sum } ")" | "(" sum ")"
struct FormulaParser {
  /// More is a mistake or an attack; recursion is bounded by it.
  private static let nestingLimit = 64
  private static let operationLimit = 500

  private let text: [Character]
  private var at = 0
  private var depth = 0
  private var operations = 0

  private init(_ text: String) { self.text = Array(text) }

  static func parse(_ text: String) throws(Refusal) -> Formula {
    guard text.utf8.count <= 10_000 else {
      throw Refusal(
        .job, field: "formula", found: "\(text.utf8.count) bytes", expected: "at most 10000")
    }
    var parser = FormulaParser(text)
    let formula = try parser.sum()
    parser.skipSpace()
    guard parser.at == parser.text.count else {
      throw parser.refusal("an operator or the end")
    }
    return formula
  }

  private func refusal(_ expected: String) -> Refusal {
    let found = at < text.count ? quoted(String(text[at...].prefix(20))) : "the end"
    return Refusal(
      .job, field: "formula, column \(at + 1)", found: found, expected: expected)
  }

  private mutating func skipSpace() {
    while at < text.count, text[at].isWhitespace { at += 1 }
  }

  private mutating func takes(_ character: Character) -> Bool {
    skipSpace()
    guard at < text.count, text[at] == character else { return false }
    at += 1
    return true
  }

  private mutating func operation(_ known: [Formula.Operation]) throws(Refusal)
    -> Formula.Operation?
  {
    skipSpace()
    guard at < text.count, let operation = Formula.Operation(rawValue: text[at]),
      known.contains(operation)
    else { return nil }
    operations += 1
    guard operations <= Self.operationLimit else {
      throw refusal("at most \(Self.operationLimit) operators")
    }
    at += 1
    return operation
  }

  private mutating func sum() throws(Refusal) -> Formula {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.nestingLimit else {
      throw refusal("nesting of \(Self.nestingLimit) at most")
    }
    var left = try product()
    while let operation = try operation([.add, .subtract]) {
      left = .combined(operation, left, try product())
    }
    return left
  }

  private mutating func product() throws(Refusal) -> Formula {
    var left = try signed()
    while let operation = try operation([.multiply, .divide, .product]) {
      left = .combined(operation, left, try signed())
    }
    return left
  }

  private mutating func signed() throws(Refusal) -> Formula {
    if takes("-") {
      depth += 1
      defer { depth -= 1 }
      guard depth <= Self.nestingLimit else { throw refusal("fewer signs") }
      return .negated(try signed())
    }
    var value = try value()
    while true {
      if takes(".") {
        guard at < text.count, text[at] == "T" else { throw refusal("T, for the transpose") }
        at += 1
        value = .transposed(value)
      } else if takes("[") {
        value = try sliced(value)
      } else {
        return value
      }
      operations += 1
      guard operations <= Self.operationLimit else { throw refusal("fewer transposes and slices") }
    }
  }

  /// What stands between brackets, of which the first is read.
  private mutating func sliced(_ value: Formula) throws(Refusal) -> Formula {
    skipSpace()
    let isLast = text[at...].starts(with: "...")
    if isLast {
      at += 3
      guard takes(",") else { throw refusal("\",\"") }
    }
    let first = try index()
    var slice: Formula.Slice
    if takes(":") {
      slice = .range(first, try index())
    } else {
      guard let first else { throw refusal("a number or a range such as 0:4") }
      slice = .one(first)
    }
    guard takes("]") else { throw refusal("\"]\"") }
    return .sliced(value, slice, isLast: isLast)
  }

  /// A whole number, if one stands here.
  private mutating func index() throws(Refusal) -> Int? {
    skipSpace()
    let start = at
    let isNegative = takes("-")
    let digits = text[at...].prefix { $0.isASCII && $0.isNumber }
    guard !digits.isEmpty || isNegative else { return nil }
    guard let number = Int(String(digits)), number <= 1 << 30 else {
      at = start
      throw refusal("a whole number")
    }
    at += digits.count
    return isNegative ? -number : number
  }

  private mutating func value() throws(Refusal) -> Formula {
    if takes("(") {
      let inner = try sum()
      guard takes(")") else { throw refusal("\")\"") }
      return inner
    }
    guard at < text.count else { throw refusal("a value") }
    if text[at].isASCII, text[at].isNumber { return try number() }
    guard text[at] == "_" || (text[at].isASCII && text[at].isLetter) else {
      throw refusal("a number, a name or \"(\"")
    }
    let start = at
    while at < text.count,
      text[at] == "_" || (text[at].isASCII && (text[at].isLetter || text[at].isNumber))
    {
      at += 1
    }
    let name = String(text[start..<at])
    guard takes("(") else { return .name(name) }
    guard let function = Formula.Function(rawValue: name) else {
      let known = Formula.Function.allCases.map(\.rawValue).joined(separator: ", ")
      at = start
      throw refusal("a function: \(known)")
    }
    var inner = [try sum()]
    while takes(",") {
      operations += 1
      guard inner.count < function.arity.upperBound, operations <= Self.operationLimit else {
        throw refusal("\")\": \(name) is of at most \(function.arity.upperBound) values")
      }
      inner.append(try sum())
    }
    guard takes(")") else { throw refusal("\")\"") }
    guard function.arity.contains(inner.count) else {
      at = start
      throw refusal("\(name) of \(function.arity.lowerBound) values")
    }
    return .applied(function, inner)
  }

  /// Digits with a point or an exponent. A point before `T` is a transpose's.
  private mutating func number() throws(Refusal) -> Formula {
    let start = at
    func digit(_ place: Int) -> Bool {
      place < text.count && text[place].isASCII && text[place].isNumber
    }
    while digit(at) { at += 1 }
    if at < text.count, text[at] == ".", digit(at + 1) {
      at += 1
      while digit(at) { at += 1 }
    }
    if at < text.count, text[at] == "e" || text[at] == "E" {
      let signed = at + 1 < text.count && (text[at + 1] == "-" || text[at + 1] == "+")
      if digit(at + (signed ? 2 : 1)) {
        at += signed ? 2 : 1
        while digit(at) { at += 1 }
      }
    }
    guard let value = Double(String(text[start..<at])), value.isFinite else {
      at = start
      throw refusal("a finite number")
    }
    return .number(value)
  }
}
