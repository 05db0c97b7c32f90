/// Whether a space stands between a prompt and its answer, by what the prompt ends in.
///
/// Words and closing punctuation are followed by one. Blanks, opening brackets and quotation marks,
/// `@`, and scripts without blanks are not; a currency is behind a digit alone (`5$`); signs such as `=`
/// and `::` are where one stands before them (`2 + 2 =`), and otherwise not (`2+2=`).
struct AnswerSpacing: Sendable, Equatable {
  let isSpaced: Bool
  /// The prompt's last character, where it is no word's and no space.
  let unusualEnd: Character?

  package init(after prompt: String) {
    guard let last = prompt.last, let scalar = last.unicodeScalars.first else {
      (isSpaced, unusualEnd) = (true, nil)
      return
    }
    let before = prompt.dropLast()
    unusualEnd = last == " " || Self.isWord(scalar) && !Self.hasNoBlanks(scalar) ? nil : last
    guard !last.isWhitespace, !Self.hasNoBlanks(scalar) else {
      isSpaced = false
      return
    }
    if last == ":", before.last == ":" {
      isSpaced = before.last { $0 != ":" }?.isWhitespace ?? false
      return
    }
    switch Self.role(of: scalar) {
    case .word, .closing: isSpaced = true
    case .opening: isSpaced = false
    case .currency:
      isSpaced = before.unicodeScalars.last.map { $0.properties.numericType != nil } ?? false
    case .either: isSpaced = before.unicodeScalars.last.map(Self.ends) ?? false
    case .sign:
      let start = before.unicodeScalars.last { Self.role(of: $0) != .sign }
      isSpaced = start?.properties.isWhitespace ?? false
    }
  }

  private enum Role {
    case word
    case closing
    case opening
    /// Opening or closing, by what stands before it.
    case either
    /// Closing behind a digit, and otherwise opening.
    case currency
    case sign
  }

  private static func role(of scalar: Unicode.Scalar) -> Role {
    switch scalar {
    case "\"", "'", "`", "#": return .either
    case "¿", "¡", "@": return .opening
    case "*", "/", "\\", "&", "^": return .sign
    default: break
    }
    switch scalar.properties.generalCategory {
    case .openPunctuation, .initialPunctuation: return .opening
    case .currencySymbol: return .currency
    case .mathSymbol, .dashPunctuation, .connectorPunctuation: return .sign
    case .otherPunctuation, .closePunctuation, .finalPunctuation: return .closing
    default: return .word
    }
  }

  /// Whether what stands behind this closes something.
  private static func ends(_ scalar: Unicode.Scalar) -> Bool {
    guard !scalar.properties.isWhitespace, scalar != ":" else { return false }
    let role = role(of: scalar)
    return role == .word || role == .closing
  }

  static func isWord(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isAlphabetic || scalar.properties.numericType != nil
  }

  /// Han, kana and their punctuation, Thai, Lao, Burmese and Khmer.
  static func hasNoBlanks(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x0E00...0x0EFF, 0x1000...0x109F, 0x1780...0x17FF, 0x3000...0x30FF, 0x3400...0x9FFF,
      0xF900...0xFAFF, 0xFF00...0xFFEF, 0x20000...0x3FFFF:
      true
    default: false
    }
  }
}
