/// Text from outside as it is drawn: on one line, nothing invisible, nothing that commands a
/// terminal or reorders a line; non-ASCII text becomes escapes where `ascii` asks for it.
///
/// A text of spaces alone shows them as `␣`, and a mark that would join the character before it
/// stands on a dotted circle. At most 200 scalars are kept.
package func displayText(_ text: String, ascii: Bool) -> String {
  var result = ""
  let isBlank = !text.isEmpty && text.unicodeScalars.allSatisfy { $0 == " " }
  for (index, scalar) in text.unicodeScalars.prefix(200).enumerated() {
    switch scalar {
    case "\n": result += "\\n"
    case "\r": result += "\\r"
    case "\t": result += "\\t"
    case " ": result += isBlank ? (ascii ? "_" : "␣") : " "
    case "\u{FE00}"..."\u{FE0F}":
      continue  // They choose between pictures of one character; terminals disagree on the width.
    case _ where ascii && !scalar.isASCII || isUnsafe(scalar):
      result += "\\u{\(String(scalar.value, radix: 16))}"
    default:
      if index == 0, width(of: scalar) == 0 { result += "◌" }
      result.unicodeScalars.append(scalar)
    }
  }
  return text.unicodeScalars.count > 200 ? result + (ascii ? ".." : "…") : result
}

/// Whether a character is invisible, or commands where it should be drawn.
func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.properties.generalCategory {
  case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
    true
  default: false
  }
}

/// The number of terminal columns that a text takes, which has gone through `displayText`.
package func displayWidth(_ text: String) -> Int {
  text.unicodeScalars.reduce(0) { $0 + width(of: $1) }
}

/// The text cut at `limit` columns, with a mark where something was cut.
package func cut(_ text: String, to limit: Int, ascii: Bool) -> String {
  guard displayWidth(text) > limit else { return text }
  let mark = ascii ? (limit > 3 ? ".." : "") : (limit > 1 ? "…" : "")
  var result = ""
  var taken = displayWidth(mark)
  for character in text {
    let next = displayWidth(String(character))
    if taken + next > limit { break }
    taken += next
    result.append(character)
  }
  return result + mark
}

/// The text cut at `limit` columns, in the middle: names that begin alike often end differently.
func cutWithin(_ text: String, to limit: Int) -> String {
  guard displayWidth(text) > limit else { return text }
  let head = cut(text, to: limit * 2 / 3, ascii: false)
  var tail = ""
  for character in text.reversed() {
    let next = String(character) + tail
    guard displayWidth(head) + displayWidth(next) <= limit else { break }
    tail = next
  }
  return head + tail
}

/// The text at the right (or left) end of `columns` columns, which it must fit.
package func padded(_ text: String, to columns: Int, right: Bool = false) -> String {
  let space = String(repeating: " ", count: max(0, columns - displayWidth(text)))
  return right ? space + text : text + space
}

/// The text broken at spaces into lines of at most `limit` columns; longer words are cut.
package func wrapped(_ text: String, to limit: Int, ascii: Bool) -> [String] {
  var lines: [String] = []
  var line = ""
  for word in text.split(separator: " ") {
    let word = cut(String(word), to: limit, ascii: ascii)
    if line.isEmpty {
      line = word
    } else if displayWidth(line) + 1 + displayWidth(word) <= limit {
      line += " " + word
    } else {
      lines.append(line)
      line = word
    }
  }
  return line.isEmpty ? lines : lines + [line]
}

/// Columns of one scalar: 0 for marks, 2 for East Asian wide and fullwidth ones (UAX #11) and
/// emoji, 1 for the rest. A table, since the C library's answer depends on the locale.
private func width(of scalar: Unicode.Scalar) -> Int {
  if scalar.isASCII { return 1 }
  switch scalar.properties.generalCategory {
  case .nonspacingMark, .enclosingMark: return 0
  default: break
  }
  if scalar.properties.isEmojiPresentation { return regionalIndicators.contains(scalar) ? 1 : 2 }
  return isEastAsian(scalar) ? 2 : 1
}

/// Whether a character is one of East Asian scripts, of two columns.
func isEastAsian(_ scalar: Unicode.Scalar) -> Bool {
  wideRanges.contains { $0.contains(scalar) }
}

/// Two of them make one flag of two columns.
private let regionalIndicators: ClosedRange<Unicode.Scalar> = "\u{1F1E6}"..."\u{1F1FF}"

private let wideRanges: [ClosedRange<Unicode.Scalar>] = [
  "\u{1100}"..."\u{115F}",  // Hangul leading consonants
  "\u{2E80}"..."\u{303E}",  // radicals, ideographic punctuation
  "\u{3041}"..."\u{33FF}",  // kana, Bopomofo, Hangul compatibility, squared letters
  "\u{3400}"..."\u{4DBF}",  // ideographs, extension A
  "\u{4E00}"..."\u{9FFF}",  // ideographs
  "\u{A000}"..."\u{A4CF}",  // Yi
  "\u{A960}"..."\u{A97F}",  // Hangul extended A
  "\u{AC00}"..."\u{D7A3}",  // Hangul syllables
  "\u{F900}"..."\u{FAFF}",  // compatibility ideographs
  "\u{FE30}"..."\u{FE6F}",  // vertical and small forms
  "\u{FF01}"..."\u{FF60}",  // fullwidth forms
  "\u{FFE0}"..."\u{FFE6}",
  "\u{17000}"..."\u{18CFF}",  // Tangut, Khitan
  "\u{1B000}"..."\u{1B2FF}",  // historic kana, Nushu
  "\u{20000}"..."\u{3FFFD}",  // ideographs, extensions B on
]
