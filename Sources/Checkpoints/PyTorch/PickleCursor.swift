internal import Inputs

/// A place in the bytes of a pickle, moved only after what it passes is checked to be there.
struct PickleCursor {
  private let bytes: [UInt8]
  private let file: BoundedFile
  private let entry: String
  private(set) var at = 0
  /// Where the instruction began that is being read, for refusals.
  private var start = 0

  init(_ bytes: [UInt8], of file: BoundedFile, entry: String) {
    self.bytes = bytes
    self.file = file
    self.entry = entry
  }

  var left: Int { bytes.count - at }

  func refusal(_ found: String, _ expected: String) -> Refusal {
    Refusal(
      file.kind, file: file.path, field: "\(entry), byte \(start)", found: found,
      expected: expected)
  }

  /// The code of the next instruction.
  mutating func opcode() throws(Refusal) -> UInt8 {
    start = at
    guard left > 0 else { throw refusal("the end of the pickle (truncated)", "a STOP before it") }
    defer { at += 1 }
    return bytes[at]
  }

  /// A little-endian integer without a sign.
  mutating func unsigned<T: FixedWidthInteger & UnsignedInteger>(
    _: T.Type
  ) throws(Refusal) -> T {
    try take(MemoryLayout<T>.size).reversed().reduce(0) { $0 << 8 | T($1) }
  }

  /// A little-endian integer in two's complement, of up to 8 bytes; none stand for 0.
  mutating func signed(byteCount: Int) throws(Refusal) -> Int {
    guard byteCount <= 8 else {
      throw refusal("an integer of \(byteCount) bytes", "at most 8 bytes")
    }
    let bytes = try take(byteCount)
    let isNegative = bytes.last.map { $0 & 0x80 != 0 } ?? false
    return bytes.reversed().reduce(isNegative ? -1 : 0) { $0 << 8 | Int($1) }
  }

  /// A string of that many bytes of UTF-8.
  mutating func string(byteCount: UInt64) throws(Refusal) -> String {
    guard byteCount <= UInt64(left) else {
      throw refusal("a string length of \(byteCount), with \(left) bytes left (truncated)", "less")
    }
    return try text(take(Int(byteCount)))
  }

  /// The bytes up to the next line feed, which is passed.
  mutating func line() throws(Refusal) -> String {
    guard let end = bytes[at...].firstIndex(of: 10) else {
      throw refusal("the end of the pickle (truncated)", "the end of a line before it")
    }
    let line = try text(take(end - at))
    at += 1
    return line
  }

  /// Reads the length of a frame, which changes nothing, and checks that so much is left.
  mutating func frame() throws(Refusal) {
    let length = try unsigned(UInt64.self)
    guard length <= UInt64(left) else {
      throw refusal("a frame of \(length) bytes, with \(left) left (truncated)", "a shorter one")
    }
  }

  private mutating func take(_ count: Int) throws(Refusal) -> ArraySlice<UInt8> {
    guard count <= left else {
      throw refusal("\(left) bytes left (truncated)", "\(count) bytes")
    }
    defer { at += count }
    return bytes[at..<(at + count)]
  }

  private func text(_ bytes: ArraySlice<UInt8>) throws(Refusal) -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw refusal("a string that is not UTF-8", "UTF-8")
    }
    return text
  }
}
