/// What a pattern asks of a Unicode scalar, packed in seven bits and looked up in one table.
///
/// Bits 0 to 4 are the general category's number, bit 5 is White_Space, bit 6 Alphabetic.
enum ScalarTable {
  static let codeCount = 128
  static let whiteSpace: UInt8 = 1 << 5
  static let alphabetic: UInt8 = 1 << 6

  /// The code of a scalar.
  @inline(__always)
  static func code(of scalar: UInt32, in table: [UInt8]) -> UInt8 {
    scalar < UInt32(table.count) ? table[Int(scalar)] : computed(scalar)
  }

  /// The codes of planes 0 and 1, where text is; the rest is computed when met.
  static let codes: [UInt8] = (0..<0x2_0000).map { computed(UInt32($0)) }

  /// General categories by their two-letter names, in the order of their numbers.
  static let categories: [(name: String, category: Unicode.GeneralCategory)] = [
    ("Lu", .uppercaseLetter), ("Ll", .lowercaseLetter), ("Lt", .titlecaseLetter),
    ("Lm", .modifierLetter), ("Lo", .otherLetter),
    ("Mn", .nonspacingMark), ("Mc", .spacingMark), ("Me", .enclosingMark),
    ("Nd", .decimalNumber), ("Nl", .letterNumber), ("No", .otherNumber),
    ("Pc", .connectorPunctuation), ("Pd", .dashPunctuation), ("Ps", .openPunctuation),
    ("Pe", .closePunctuation), ("Pi", .initialPunctuation), ("Pf", .finalPunctuation),
    ("Po", .otherPunctuation),
    ("Sm", .mathSymbol), ("Sc", .currencySymbol), ("Sk", .modifierSymbol), ("So", .otherSymbol),
    ("Zs", .spaceSeparator), ("Zl", .lineSeparator), ("Zp", .paragraphSeparator),
    ("Cc", .control), ("Cf", .format), ("Cs", .surrogate), ("Co", .privateUse),
    ("Cn", .unassigned),
  ]

  private static let numbers: [Unicode.GeneralCategory: UInt8] = Dictionary(
    uniqueKeysWithValues: categories.enumerated().map { ($1.category, UInt8($0)) })

  private static func computed(_ value: UInt32) -> UInt8 {
    // Surrogates are no scalars; they never stand in a text, and count as their category.
    guard let scalar = Unicode.Scalar(value) else { return numbers[.surrogate] ?? 0 }
    let properties = scalar.properties
    return (numbers[properties.generalCategory] ?? 0)
      | (properties.isWhitespace ? whiteSpace : 0)
      | (properties.isAlphabetic ? alphabetic : 0)
  }

  /// Whether the scalar is a mark: category Mn, Mc or Me.
  static func isMark(_ code: UInt8) -> Bool { (5...7).contains(code & 31) }

  /// Whether the category is Mn.
  static func isNonspacingMark(_ code: UInt8) -> Bool { code & 31 == 5 }

  /// Whether the category is Cc, Cf or Co.
  static func isControl(_ code: UInt8) -> Bool { [25, 26, 28].contains(code & 31) }

  /// Whether the category is one of punctuation: P.
  static func isPunctuation(_ code: UInt8) -> Bool { (11...17).contains(code & 31) }

  /// Whether the scalar counts as part of a word: `\w`.
  static func isWord(_ code: UInt8) -> Bool {
    let name = categories[Int(code & 31)].name
    return code & alphabetic != 0 || isMark(code) || name == "Nd" || name == "Pc"
  }
}
