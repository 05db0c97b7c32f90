/// How the truth of one statement, or membership in one set, bears on another's.
///
/// MacCartney and Manning, 2009, "An extended model of natural logic": each relation is which of
/// the four pairs of truth values can occur.
enum NaturalRelation: String, CaseIterable, Sendable {
  case independence, equivalence, entails
  case reverseEntails = "reverse entails"
  case contradiction, alternation, cover

  /// Bit `2x + y` says whether the first can be x while the second is y.
  var pairs: UInt8 {
    switch self {
    case .independence: 0b1111
    case .equivalence: 0b1001
    case .entails: 0b1011
    case .reverseEntails: 0b1101
    case .contradiction: 0b0110
    case .alternation: 0b0111
    case .cover: 0b1110
    }
  }

  init?(pairs: UInt8) {
    guard let relation = Self.allCases.first(where: { $0.pairs == pairs }) else { return nil }
    self = relation
  }

  /// The relation where the first, the second or both are negated. There always is one.
  func negated(first: Bool, second: Bool) -> NaturalRelation? {
    var negated: UInt8 = 0
    for pair in 0..<4 where pairs >> pair & 1 == 1 {
      negated |= 1 << UInt8(pair ^ (first ? 2 : 0) ^ (second ? 1 : 0))
    }
    return NaturalRelation(pairs: negated)
  }
}

/// The determiners of multiply-quantified sentences.
enum Quantifier: String, CaseIterable, Sendable {
  case some, every, no
  case notEvery = "not every"

  /// The truth of "Q A are B".
  ///
  /// - Parameters:
  ///   - inside: Whether some A is B.
  ///   - outside: Whether some A is not B.
  func holds(inside: Bool, outside: Bool) -> Bool {
    switch self {
    case .some: inside
    case .every: !outside
    case .no: !inside
    case .notEvery: outside
    }
  }

  /// The relation of "Q A are B" to "Q' A' are B'", where A stands to A' and B to B' as told.
  ///
  /// Worked out on every universe: what matters of one is which kinds of things are in it, and of
  /// those only whether there is an A inside and outside B, an A' inside and outside B'. The
  /// restrictors A and A' are not empty. Nil where no relation describes what is left.
  static func relation(
    _ first: Quantifier, _ second: Quantifier, restrictors: NaturalRelation, scopes: NaturalRelation
  ) -> NaturalRelation? {
    var reached: Set<UInt8> = [0]
    for a in 0..<4 where restrictors.pairs >> a & 1 == 1 {
      for b in 0..<4 where scopes.pairs >> b & 1 == 1 {
        var thing: UInt8 = 0
        if a & 2 != 0 { thing |= b & 2 != 0 ? 1 : 2 }
        if a & 1 != 0 { thing |= b & 1 != 0 ? 4 : 8 }
        reached.formUnion(reached.map { $0 | thing })
      }
    }
    var pairs: UInt8 = 0
    for universe in reached where universe & 3 != 0 && universe & 12 != 0 {
      let x = first.holds(inside: universe & 1 != 0, outside: universe & 2 != 0)
      let y = second.holds(inside: universe & 4 != 0, outside: universe & 8 != 0)
      pairs |= 1 << ((x ? 2 : 0) + (y ? 1 : 0))
    }
    return NaturalRelation(pairs: pairs)
  }
}
