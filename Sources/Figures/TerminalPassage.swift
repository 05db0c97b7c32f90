/// Passages as lines of text: labels at the left, in one column, the texts wrapped beside them.
public struct TerminalPassages: Sendable {
  private let passages: [Passage]
  private let terminal: Terminal
  private let labelWidth: Int
  private let ascii: Bool

  /// Fits the passages to the terminal's width.
  public init(_ passages: [Passage], on terminal: Terminal) {
    (self.passages, self.terminal) = (passages, terminal)
    ascii = !terminal.isUnicode
    let ascii = ascii
    let longest = passages.map { displayWidth(displayText($0.label, ascii: ascii)) }.max() ?? 0
    labelWidth = min(longest, max(6, terminal.width / 3))
  }

  /// The lines; none is wider than the terminal, unless a terminal has no room for a letter.
  public var lines: [String] { passages.flatMap(lines) }

  /// Text that stays together on a line if it can.
  private struct Word {
    var text: String
    let style: Passage.Style
  }

  private func lines(_ passage: Passage) -> [String] {
    let width = max(8, terminal.width - labelWidth - 2)
    var rows: [[Word]] = [[]]
    var used = 0
    for word in passage.pieces.flatMap(words) {
      var rest = word.text
      while !rest.isEmpty {
        let size = displayWidth(rest)
        if used + size <= width {
          rows[rows.count - 1].append(Word(text: rest, style: word.style))
          used += size
          break
        }
        if used > 0, size <= width || word.style == .marked || width - used < 2 {
          rows.append([])
          used = 0
          // The space at which a line ends is not drawn at the next one's start.
          if rest.first == " ", word.style != .marked { rest.removeFirst() }
          continue
        }
        let part = head(of: rest, width - used)
        rows[rows.count - 1].append(Word(text: part, style: word.style))
        rest.removeFirst(part.count)
        rows.append([])
        used = 0
      }
    }
    if rows.count > 1, rows.last?.isEmpty == true { rows.removeLast() }
    let label = cut(displayText(passage.label, ascii: ascii), to: labelWidth, ascii: ascii)
    return rows.enumerated().map { number, row in
      trimmed(
        padded(number == 0 ? label : "", to: labelWidth) + "  " + row.map(drawn).joined())
    }
  }

  /// The part of a text that fits, one character at least.
  private func head(of text: String, _ width: Int) -> String {
    var (part, used) = ("", 0)
    for character in text {
      let size = displayWidth(String(character))
      if used + size > width, !part.isEmpty { break }
      part.append(character)
      used += size
    }
    return part
  }

  /// The words of a piece, each with the space before it; a marked piece is one.
  private func words(_ piece: Passage.Piece) -> [Word] {
    if piece.style == .marked {
      return [Word(text: "[\(shown(piece.text))]", style: .marked)]
    }
    var words: [Word] = []
    var word = ""
    for character in shown(piece.text) {
      if character == " ", !word.isEmpty, word.last != " " {
        words.append(Word(text: word, style: piece.style))
        word = ""
      }
      word.append(character)
    }
    return word.isEmpty ? words : words + [Word(text: word, style: piece.style)]
  }

  /// Long texts go through `displayText` in parts, since it cuts.
  private func shown(_ text: String) -> String {
    var (result, part) = ("", "")
    for character in text {
      part.append(character)
      if part.unicodeScalars.count >= 100 {
        result += displayText(part, ascii: ascii)
        part = ""
      }
    }
    // Spaces alone are drawn as themselves here: the text around them shows where they are.
    return result + (part.allSatisfy { $0 == " " } ? part : displayText(part, ascii: ascii))
  }

  private func drawn(_ word: Word) -> String {
    guard terminal.ink.hasColor else { return word.text }
    switch word.style {
    case .plain: return word.text
    case .dim, .divider: return "\u{1B}[2m\(word.text)\u{1B}[0m"
    case .marked: return "\u{1B}[1;36m\(word.text)\u{1B}[0m"
    }
  }

  private func trimmed(_ line: String) -> String {
    var line = line
    while line.last == " " { line.removeLast() }
    return line
  }
}
