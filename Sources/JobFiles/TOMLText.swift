internal import Inputs

/// The four kinds of text in TOML: `"…"`, `'…'`, and both between three quotation marks.
extension TOMLCursor {
  private static let quote = UInt8(ascii: "\"")

  /// A text of one line, as a key can be.
  mutating func oneLineText() throws(Refusal) -> String {
    let quote = bytes[at]
    at += 1
    var text: [UInt8] = []
    while next != quote {
      guard next != UInt8(ascii: "\n"), !starts(with: "\r\n") else {
        throw fault("the quotation mark that ends a text")
      }
      try character(quote, into: &text)
    }
    at += 1
    return String(decoding: text, as: UTF8.self)
  }

  mutating func text() throws(Refusal) -> String {
    let quote = bytes[at]
    let marks = [quote, quote, quote]
    guard bytes[at...].starts(with: marks) else { return try oneLineText() }
    at += 3
    _ = takeLineEnd()  // one right after the marks is not part of the text
    var text: [UInt8] = []
    while !bytes[at...].starts(with: marks) {
      if takeLineEnd() {
        text.append(UInt8(ascii: "\n"))  // \r\n too, so that editors do not change a digest
      } else if quote == Self.quote, try takeFold() {
        continue
      } else {
        try character(quote, into: &text)
      }
    }
    at += 3
    // Up to two quotation marks may stand before the three that close.
    for _ in 0..<2 where next == quote {
      text.append(quote)
      at += 1
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Takes a backslash that ends its line, with all blank space after it.
  private mutating func takeFold() throws(Refusal) -> Bool {
    guard next == UInt8(ascii: "\\") else { return false }
    var ahead = self
    ahead.at += 1
    ahead.skipSpace()
    guard ahead.takeLineEnd() else { return false }
    repeat { ahead.skipSpace() } while ahead.takeLineEnd()
    self = ahead
    return true
  }

  private mutating func character(_ quote: UInt8, into text: inout [UInt8]) throws(Refusal) {
    guard let byte = next else { throw fault("the quotation mark that ends a text") }
    guard !Self.isControl(byte) else { throw control(byte) }
    if byte == UInt8(ascii: "\\"), quote == Self.quote {
      try escape(into: &text)
    } else {
      text.append(byte)
      at += 1
    }
  }

  private mutating func escape(into text: inout [UInt8]) throws(Refusal) {
    let start = at
    at += 2
    switch start + 1 < bytes.count ? bytes[start + 1] : 0 {
    case UInt8(ascii: "b"): text.append(8)
    case UInt8(ascii: "t"): text.append(9)
    case UInt8(ascii: "n"): text.append(10)
    case UInt8(ascii: "f"): text.append(12)
    case UInt8(ascii: "r"): text.append(13)
    case UInt8(ascii: "\""): text.append(UInt8(ascii: "\""))
    case UInt8(ascii: "\\"): text.append(UInt8(ascii: "\\"))
    case UInt8(ascii: "u"): try unicode(4, from: start, into: &text)
    case UInt8(ascii: "U"): try unicode(8, from: start, into: &text)
    default: throw fault("an escape such as \\n or \\u00e9", from: start)
    }
  }

  private mutating func unicode(
    _ count: Int, from start: Int, into text: inout [UInt8]
  ) throws(Refusal) {
    var value: UInt32 = 0
    for _ in 0..<count {
      guard let byte = next, let digit = Character(UnicodeScalar(byte)).hexDigitValue else {
        throw fault("\(count) hexadecimal digits", from: start)
      }
      value = value << 4 | UInt32(digit)
      at += 1
    }
    // Names and paths end at a NUL once they reach the system.
    guard value != 0 else { throw refused("the character NUL in a text", "text without it") }
    guard let scalar = Unicode.Scalar(value) else {
      throw fault("a character of Unicode", from: start)
    }
    text.append(contentsOf: String(Character(scalar)).utf8)
  }
}
