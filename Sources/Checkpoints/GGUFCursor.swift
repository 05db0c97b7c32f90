internal import Inputs

/// Reads a GGUF header from front to back; nothing is taken from the file unless it is in it.
struct GGUFCursor {
  /// Bytes of header that are read: ten times the largest vocabulary's. What a header claims to
  /// hold past this would be memory spent before anything can be checked.
  static let headerLimit = 256 << 20
  /// Bytes of one string; a whole `tokenizer.json` is kept in one by some files.
  static let stringLimit = 128 << 20
  /// Bytes read at a time.
  private static let pieceBytes = 1 << 20
  /// Items of one array; the largest vocabularies have a quarter of a million.
  static let arrayLimit = 1 << 22

  let file: BoundedFile
  /// What is being read, for a refusal.
  var field = "header"
  /// The item that is being read, where the field is an array.
  var item: Int?
  private(set) var position: Int
  private var window: [UInt8] = []
  private var windowStart = 0

  init(_ file: BoundedFile, at position: Int = 0) {
    (self.file, self.position) = (file, position)
  }

  /// Bytes of header that can still follow.
  var remaining: Int { min(file.size, Self.headerLimit) - position }

  func refusal(_ found: String, expected: String) -> Refusal {
    let place = item.map { "\(field)[\($0)]" } ?? field
    return Refusal(file.kind, file: file.path, field: place, found: found, expected: expected)
  }

  /// Makes `count` bytes from the position on lie in the window, and returns where they begin.
  private mutating func take(_ count: Int) throws(Refusal) -> Int {
    guard count <= remaining else {
      let limited = file.size > Self.headerLimit
      throw refusal(
        limited
          ? "a header past its limit of \(Self.headerLimit) bytes"
          : "the end of the file at byte \(file.size) (truncated)",
        expected: "\(count) more bytes of header at byte \(position)")
    }
    if position < windowStart || position + count > windowStart + window.count {
      window = try file.bytes(
        at: position, count: min(file.size - position, max(count, Self.pieceBytes)))
      windowStart = position
    }
    defer { position += count }
    return position - windowStart
  }

  /// Passes that many bytes, which a count has been checked to leave.
  mutating func skip(_ count: Int) {
    precondition(count <= remaining, "\(count) bytes to skip of \(remaining)")
    position += count
  }

  /// A number as it stands in the file.
  mutating func number<T: BitwiseCopyable>(_: T.Type) throws(Refusal) -> T {
    let place = try take(MemoryLayout<T>.size)
    return window.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place, as: T.self) }
  }

  /// Refuses a long string with a zero byte in it before memory is taken for the whole: a file of
  /// holes would claim it for nothing.
  private func refuseHoles(_ length: Int) throws(Refusal) {
    var done = 0
    while done < length {
      let piece = try file.bytes(at: position + done, count: min(Self.pieceBytes, length - done))
      if let place = piece.firstIndex(of: 0) {
        throw refusal(
          "a zero byte at \(done + place) of a string of \(length) bytes", expected: "text in UTF-8"
        )
      }
      done += piece.count
    }
  }

  /// How many of something follow, each of which takes at least `leastBytes`.
  mutating func count(of what: String, leastBytes: Int, limit: Int) throws(Refusal) -> Int {
    let count = try number(UInt64.self)
    guard count <= limit else {
      throw refusal("a count of \(count) \(what)", expected: "at most \(limit) (the limit)")
    }
    guard count <= remaining / leastBytes else {
      throw refusal(
        "a count of \(count) \(what), with \(remaining) bytes of header left (truncated)",
        expected: "at most \(remaining / leastBytes)")
    }
    return Int(count)
  }

  /// A string: its length in 8 bytes, then as much UTF-8.
  mutating func string(limit: Int = stringLimit) throws(Refusal) -> String {
    let length = try number(UInt64.self)
    guard length <= limit else {
      throw refusal("a string length of \(length)", expected: "at most \(limit) bytes (the limit)")
    }
    guard length <= remaining else {
      throw refusal(
        "a string length of \(length), with \(remaining) bytes left (truncated)",
        expected: "a string inside the file")
    }
    if length > Self.pieceBytes { try refuseHoles(Int(length)) }
    let place = try take(Int(length))
    guard let text = String(validating: window[place..<(place + Int(length))], as: UTF8.self)
    else {
      throw refusal("bytes that are not UTF-8", expected: "text in UTF-8")
    }
    return text
  }
}
