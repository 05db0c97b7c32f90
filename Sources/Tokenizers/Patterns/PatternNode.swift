/// A pattern as it was parsed.
indirect enum PatternNode {
  case one(ScalarClass)
  case sequence([PatternNode])
  /// The first alternative that leads to a match, as in Perl.
  case choice([PatternNode])
  case repeated(PatternNode, minimum: Int, maximum: Int?, Greed)
  case lookahead(PatternNode, isNegative: Bool)
  /// Matched as it first can be, and never reconsidered: `(?>...)`.
  case atomic(PatternNode)

  enum Greed: Sendable { case greedy, lazy, possessive }

  /// Whether it can match without taking a scalar.
  var canBeEmpty: Bool {
    switch self {
    case .one: false
    case .sequence(let nodes): nodes.allSatisfy(\.canBeEmpty)
    case .choice(let nodes): nodes.contains(where: \.canBeEmpty)
    case .repeated(let node, let minimum, _, _): minimum == 0 || node.canBeEmpty
    case .lookahead: true
    case .atomic(let node): node.canBeEmpty
    }
  }

  /// What a match can begin with; everything where it can be empty.
  var first: FirstSet { canBeEmpty ? .everything : starts }

  /// What a match that takes a scalar can begin with.
  private var starts: FirstSet {
    switch self {
    case .one(let scalars):
      return FirstSet(ascii: scalars.ascii, others: scalars.reachesPastASCII)
    case .sequence(let nodes):
      var union = FirstSet()
      for node in nodes {
        union.formUnion(node.starts)
        if !node.canBeEmpty { break }
      }
      return union
    case .choice(let nodes):
      return nodes.reduce(into: FirstSet()) { $0.formUnion($1.starts) }
    case .repeated(let node, _, _, _), .atomic(let node): return node.starts
    case .lookahead: return FirstSet()
    }
  }
}

/// The scalars a match can begin with, a little too many rather than one too few.
struct FirstSet: Sendable {
  var ascii = Bits128()
  /// Whether any scalar past ASCII can begin one.
  var others = false

  static let everything = FirstSet(ascii: Bits128().inverted, others: true)

  mutating func formUnion(_ other: FirstSet) {
    ascii.formUnion(other.ascii)
    others = others || other.others
  }

  @inline(__always)
  func admits(_ scalar: UInt32) -> Bool {
    scalar < 128 ? ascii.contains(UInt8(truncatingIfNeeded: scalar)) : others
  }
}
