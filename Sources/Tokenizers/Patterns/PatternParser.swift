/// Why a pattern was not accepted.
struct PatternFault: Error {
  let found: String
}

/// Reads the subset of Oniguruma's syntax that published tokenizers are written in.
///
/// Anchors, references, look-behind and set operations are refused by name: none of the published
/// byte-level tokenizers needs one, and a half-right one would give wrong ids in silence.
struct PatternParser {
  private static let depthLimit = 50
  private static let lengthLimit = 5_000
  private static let repeatLimit = 1_000

  var scalars: [Unicode.Scalar]
  var at = 0
  private var depth = 0
  /// Inside `(?i:...)`.
  var ignoresCase = false

  static func parse(_ source: String) throws(PatternFault) -> PatternNode {
    var parser = PatternParser(scalars: Array(source.unicodeScalars))
    guard parser.scalars.count <= lengthLimit else {
      throw PatternFault(found: "\(parser.scalars.count) characters, over \(lengthLimit)")
    }
    let node = try parser.choice()
    guard parser.at == parser.scalars.count else { throw parser.fault("an unmatched ')'") }
    return node
  }

  private init(scalars: [Unicode.Scalar]) { self.scalars = scalars }

  func fault(_ found: String) -> PatternFault {
    PatternFault(found: "\(found) at character \(min(at, scalars.count) + 1)")
  }

  var next: Unicode.Scalar? { at < scalars.count ? scalars[at] : nil }

  mutating func take(_ text: String) -> Bool {
    let wanted = Array(text.unicodeScalars)
    guard scalars[at...].starts(with: wanted) else { return false }
    at += wanted.count
    return true
  }

  private mutating func choice() throws(PatternFault) -> PatternNode {
    var branches = [try sequence()]
    while take("|") { branches.append(try sequence()) }
    return branches.count == 1 ? branches[0] : .choice(branches)
  }

  private mutating func sequence() throws(PatternFault) -> PatternNode {
    var nodes: [PatternNode] = []
    while let scalar = next, scalar != "|", scalar != ")" {
      let node = try atom(scalar)
      nodes.append(try quantified(node))
    }
    return nodes.count == 1 ? nodes[0] : .sequence(nodes)
  }

  private mutating func atom(_ scalar: Unicode.Scalar) throws(PatternFault) -> PatternNode {
    switch scalar {
    case "(": return try group()
    case "[": return .one(try bracketed())
    case ".":
      at += 1
      var newline = ScalarClass()
      newline.insert(10...10)
      return .one(newline.inverted)
    case "\\": return .one(try escape().scalars)
    case "^", "$": throw fault("the anchor '\(scalar)', which is not supported,")
    case "*", "+", "?": throw fault("'\(scalar)' with nothing to repeat")
    case "{": throw fault("'{' that repeats nothing")
    default:
      at += 1
      return .one(try literal(scalar))
    }
  }

  private mutating func group() throws(PatternFault) -> PatternNode {
    let start = at
    at += 1
    depth += 1
    guard depth <= Self.depthLimit else {
      throw fault("groups nested deeper than \(Self.depthLimit)")
    }
    let outer = ignoresCase
    enum Kind { case plain, atomic, ahead, notAhead }
    var kind = Kind.plain
    if next == "?" {
      if take("?:") {
        kind = .plain
      } else if take("?i:") {
        ignoresCase = true
      } else if take("?=") {
        kind = .ahead
      } else if take("?!") {
        kind = .notAhead
      } else if take("?>") {
        kind = .atomic
      } else {
        let text = String(String.UnicodeScalarView(scalars[start..<min(scalars.count, at + 3)]))
        throw fault("a group of the unsupported kind \(text)")
      }
    }
    let node = try choice()
    guard take(")") else {
      at = start
      throw fault("a group '(' that is never closed")
    }
    ignoresCase = outer
    depth -= 1
    return switch kind {
    case .plain: node
    case .atomic: .atomic(node)
    case .ahead: .lookahead(node, isNegative: false)
    case .notAhead: .lookahead(node, isNegative: true)
    }
  }

  private mutating func quantified(_ node: PatternNode) throws(PatternFault) -> PatternNode {
    let (minimum, maximum): (Int, Int?)
    let isCounted = next == "{"
    if take("*") {
      (minimum, maximum) = (0, nil)
    } else if take("+") {
      (minimum, maximum) = (1, nil)
    } else if take("?") {
      (minimum, maximum) = (0, 1)
    } else if take("{") {
      (minimum, maximum) = try bounds()
    } else {
      return node
    }
    if case .lookahead = node { throw fault("a repeated lookahead") }
    var greed = PatternNode.Greed.greedy
    if take("?") {
      greed = .lazy
    } else if next == "+" {
      // Oniguruma reads `{m,n}+` as a repeat of a repeat, most others as possessive.
      guard !isCounted else { throw fault("'}+', which engines read differently,") }
      at += 1
      greed = .possessive
    }
    if let again = next, ["*", "+", "?", "{"].contains(again) {
      throw fault("a repeated repeat '\(again)'")
    }
    if maximum == nil, node.canBeEmpty {
      throw fault("an endless repeat of what can match nothing")
    }
    return .repeated(node, minimum: minimum, maximum: maximum, greed)
  }

  /// The inside of `{m}`, `{m,}`, `{,n}` or `{m,n}`.
  private mutating func bounds() throws(PatternFault) -> (Int, Int?) {
    let low = try number()
    let isRange = take(",")
    let high = isRange ? try number() : low
    guard take("}"), low != nil || high != nil else { throw fault("'{' that is no repeat count") }
    let minimum = low ?? 0
    guard minimum <= high ?? minimum else { throw fault("a repeat from \(minimum) down") }
    return (minimum, high)
  }

  private mutating func number() throws(PatternFault) -> Int? {
    var value: Int?
    while let digit = next.flatMap({ $0.isASCII ? Character($0).wholeNumberValue : nil }) {
      let grown = (value ?? 0) * 10 + digit
      guard grown <= Self.repeatLimit else { throw fault("a count over \(Self.repeatLimit)") }
      value = grown
      at += 1
    }
    return value
  }
}
