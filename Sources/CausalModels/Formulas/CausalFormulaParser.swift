internal import Inputs

/// Reads a formula such as `if(WX == YZ, "same", "other")`.
///
///     choice     = both { "or" both }
///     both       = negation { "and" negation }
///     negation   = "not" negation | comparison
///     comparison = sum [ ("==" | "!=" | "<" | "<=" | ">" | ">=" | "in") sum ]
///     sum        = product { ("+" | "-") product }
///     product    = signed { ("*" | "/" | "//" | "%") signed }
///     signed     = "-" signed | value { "[" choice "]" }
///     value      = number | text | "true" | "false" | name | function "(" list ")"
///                | "(" choice ")" | "[" list "]"
struct CausalFormulaParser {
  /// More is a mistake or an attack; recursion is bounded by it.
  private static let nestingLimit = 32
  private static let tokenLimit = 600

  private enum Token: Equatable {
    case number(Double)
    case text(String)
    case name(String)
    case sign(String)
  }

  private let tokens: [(token: Token, column: Int)]
  private var at = 0
  private var depth = 0

  static func parse(_ text: String) throws(Refusal) -> CausalFormula {
    guard text.utf8.count <= 10_000 else {
      throw Refusal(
        .job, field: "formula", found: "\(text.utf8.count) bytes", expected: "at most 10000")
    }
    var parser = CausalFormulaParser(tokens: try tokens(of: text))
    let formula = try parser.choice()
    guard parser.at == parser.tokens.count else { throw parser.refusal("an operator or the end") }
    return formula
  }

  private init(tokens: [(Token, Int)]) { self.tokens = tokens }

  // MARK: Tokens

  private static let signs = [
    "==", "!=", "<=", ">=", "//", "<", ">", "+", "-", "*", "/", "%", "(", ")", "[", "]", ",",
  ]

  private static func tokens(of text: String) throws(Refusal) -> [(Token, Int)] {
    let all = Array(text)
    var tokens: [(Token, Int)] = []
    var at = 0
    func refuse(_ expected: String) -> Refusal {
      Refusal(
        .job, field: "formula, column \(at + 1)",
        found: at < all.count ? quoted(String(all[at...].prefix(20))) : "the end",
        expected: expected)
    }
    func isDigit(_ place: Int) -> Bool {
      place < all.count && all[place].isASCII && all[place].isNumber
    }
    while at < all.count {
      guard tokens.count < tokenLimit else { throw refuse("at most \(tokenLimit) words and signs") }
      let start = at
      if all[at].isWhitespace {
        at += 1
      } else if isDigit(at) {
        while isDigit(at) || (at < all.count && all[at] == "." && isDigit(at + 1)) { at += 1 }
        if at < all.count, all[at] == "e" || all[at] == "E" {
          let signed = at + 1 < all.count && (all[at + 1] == "-" || all[at + 1] == "+")
          if isDigit(at + (signed ? 2 : 1)) {
            at += signed ? 2 : 1
            while isDigit(at) { at += 1 }
          }
        }
        guard let value = Double(String(all[start..<at])), value.isFinite else {
          at = start
          throw refuse("a finite number")
        }
        tokens.append((.number(value), start))
      } else if all[at] == "\"" || all[at] == "'" {
        guard let end = all[(at + 1)...].firstIndex(of: all[at]) else {
          throw refuse("text that ends in the quotation mark it begins with")
        }
        tokens.append((.text(String(all[at + 1..<end])), start))
        at = end + 1
      } else if all[at] == "_" || all[at].isLetter {
        while at < all.count, all[at] == "_" || all[at].isLetter || all[at].isNumber { at += 1 }
        tokens.append((.name(String(all[start..<at])), start))
      } else if let sign = signs.first(where: { all[at...].starts(with: $0) }) {
        tokens.append((.sign(sign), start))
        at += sign.count
      } else {
        throw refuse("a number, text, a name or a sign")
      }
    }
    return tokens
  }

  private func refusal(_ expected: String, at place: Int? = nil) -> Refusal {
    let place = place ?? at
    guard place < tokens.count else {
      return Refusal(.job, field: "formula", found: "the end", expected: expected)
    }
    let found =
      switch tokens[place].token {
      case .number(let number): CausalValue.number(number).inWords
      case .text(let text): "the text \(quoted(text))"
      case .name(let name): quoted(name)
      case .sign(let sign): quoted(sign)
      }
    return Refusal(
      .job, field: "formula, column \(tokens[place].column + 1)", found: found, expected: expected)
  }

  private mutating func takes(_ token: Token) -> Bool {
    guard at < tokens.count, tokens[at].token == token else { return false }
    at += 1
    return true
  }

  private mutating func takes(oneOf operations: [CausalFormula.Operation])
    -> CausalFormula.Operation?
  {
    operations.first { takes(.sign($0.rawValue)) || takes(.name($0.rawValue)) }
  }

  // MARK: Grammar

  private mutating func nested(
    _ read: (inout CausalFormulaParser) throws(Refusal) -> CausalFormula
  ) throws(Refusal) -> CausalFormula {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.nestingLimit else {
      throw refusal("nesting of \(Self.nestingLimit) at most")
    }
    return try read(&self)
  }

  private mutating func chain(
    _ operations: [CausalFormula.Operation],
    _ read: (inout CausalFormulaParser) throws(Refusal) -> CausalFormula
  ) throws(Refusal) -> CausalFormula {
    var left = try read(&self)
    var length = 0
    while let operation = takes(oneOf: operations) {
      // A chain nests to the left, and is walked by recursion.
      length += 1
      guard length <= 100 else { throw refusal("at most 100 operators in a row") }
      left = .combined(operation, left, try read(&self))
    }
    return left
  }

  private mutating func choice() throws(Refusal) -> CausalFormula {
    try nested { (parser) throws(Refusal) in
      try parser.chain([.or]) { (parser) throws(Refusal) in
        try parser.chain([.and]) { (parser) throws(Refusal) in try parser.negation() }
      }
    }
  }

  private mutating func negation() throws(Refusal) -> CausalFormula {
    guard takes(.name("not")) else { return try comparison() }
    return .not(try nested { (parser) throws(Refusal) in try parser.negation() })
  }

  private mutating func comparison() throws(Refusal) -> CausalFormula {
    let left = try sum()
    let known: [CausalFormula.Operation] = [
      .equal, .unequal, .less, .atMost, .more, .atLeast, .member,
    ]
    guard let operation = takes(oneOf: known) else { return left }
    let compared = CausalFormula.combined(operation, left, try sum())
    guard takes(oneOf: known) == nil else {
      at -= 1
      throw refusal("one comparison, or two joined by \"and\"")
    }
    return compared
  }

  private mutating func sum() throws(Refusal) -> CausalFormula {
    try chain([.add, .subtract]) { (parser) throws(Refusal) in
      try parser.chain([.multiply, .quotient, .divide, .remainder]) { (parser) throws(Refusal) in
        try parser.signed()
      }
    }
  }

  private mutating func signed() throws(Refusal) -> CausalFormula {
    if takes(.sign("-")) {
      return .negated(try nested { (parser) throws(Refusal) in try parser.signed() })
    }
    var value = try value()
    var length = 0
    while takes(.sign("[")) {
      length += 1
      guard length <= 16 else { throw refusal("at most 16 indices in a row") }
      value = .combined(.item, value, try choice())
      guard takes(.sign("]")) else { throw refusal("\"]\"") }
    }
    return value
  }

  private mutating func value() throws(Refusal) -> CausalFormula {
    guard at < tokens.count else { throw refusal("a value") }
    let start = at
    at += 1
    switch tokens[start].token {
    case .number(let number): return .value(.number(number))
    case .text(let text): return .value(.text(text))
    case .sign("("):
      let inner = try choice()
      guard takes(.sign(")")) else { throw refusal("\")\"") }
      return inner
    case .sign("["): return .list(try items(until: "]"))
    case .sign: throw refusal("a value", at: start)
    case .name("true"): return .value(.boolean(true))
    case .name("false"): return .value(.boolean(false))
    case .name(let name):
      guard takes(.sign("(")) else {
        guard !["and", "or", "not", "in"].contains(name) else {
          throw refusal("a value", at: start)
        }
        return .name(name)
      }
      guard let function = CausalFormula.Function(rawValue: name) else {
        let known = CausalFormula.Function.allCases.map(\.rawValue).joined(separator: ", ")
        throw refusal("a function: \(known)", at: start)
      }
      let arguments = try items(until: ")")
      guard function.arguments.contains(arguments.count) else {
        throw Refusal(
          .job, field: "formula, column \(tokens[start].column + 1)",
          found: "\(arguments.count) arguments of \(name)",
          expected: function.arguments.lowerBound == function.arguments.upperBound
            ? "\(function.arguments.lowerBound)"
            : "\(function.arguments.lowerBound) to \(function.arguments.upperBound)")
      }
      return .applied(function, arguments)
    }
  }

  private mutating func items(until end: String) throws(Refusal) -> [CausalFormula] {
    if takes(.sign(end)) { return [] }
    var items = [try choice()]
    while takes(.sign(",")) { items.append(try choice()) }
    guard takes(.sign(end)) else { throw refusal("\",\" or \(quoted(end))") }
    return items
  }
}
