internal import Inputs

/// A place in a TOML text, with the line it is on and the field that is being read.
struct TOMLCursor {
  let bytes: [UInt8]
  let file: String
  var at = 0
  var line = 1
  /// The path of the field that is being read, for refusals.
  var path = ""

  init(_ bytes: [UInt8], file: String) {
    self.bytes = bytes
    self.file = file
  }

  var next: UInt8? { at < bytes.count ? bytes[at] : nil }

  func starts(with text: StaticString) -> Bool {
    bytes[at...].starts(
      with: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  func refused(_ found: String, _ expected: String) -> Refusal {
    JobPlace(file: file, path: path, origin: .line(line)).refusal(found, expected: expected)
  }

  /// What stands here, up to the end of its line, is not TOML.
  func fault(_ expected: String, from start: Int? = nil) -> Refusal {
    let rest = bytes[(start ?? at)...].prefix(40).prefix { $0 != 10 }
    let found = rest.isEmpty ? "the end of the line" : quoted(String(decoding: rest, as: UTF8.self))
    return refused(found, "\(expected) in the TOML of a job")
  }

  mutating func take(_ byte: UInt8, or other: String = "") throws(Refusal) {
    guard next == byte else { throw fault("'\(UnicodeScalar(byte))'\(other)") }
    at += 1
  }

  /// Takes a line's end, `\n` or `\r\n`, if one stands here.
  mutating func takeLineEnd() -> Bool {
    guard next == UInt8(ascii: "\n") || starts(with: "\r\n") else { return false }
    at += next == UInt8(ascii: "\n") ? 1 : 2
    line += 1
    return true
  }

  mutating func skipSpace() {
    while next == UInt8(ascii: " ") || next == UInt8(ascii: "\t") { at += 1 }
  }

  /// Spaces, comments and the ends of lines.
  mutating func skipBlankLines() throws(Refusal) {
    repeat {
      skipSpace()
      try skipComment()
    } while takeLineEnd()
  }

  mutating func skipComment() throws(Refusal) {
    guard next == UInt8(ascii: "#") else { return }
    while let byte = next, byte != UInt8(ascii: "\n"), !starts(with: "\r\n") {
      guard !Self.isControl(byte) else { throw control(byte) }
      at += 1
    }
  }

  static func isControl(_ byte: UInt8) -> Bool { (byte < 0x20 && byte != 9) || byte == 0x7F }

  func control(_ byte: UInt8) -> Refusal {
    refused("the control character \(byte)", "text, where such characters are escaped")
  }
}
