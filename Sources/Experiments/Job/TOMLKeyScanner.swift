internal import Inputs

/// Finds the line of every key of a TOML text, and its nesting, before the parser sees it.
///
/// The parser gives lines for its errors alone, sorts the keys, cuts strings at a NUL and recurses
/// as deep as a dotted key is long. So this pass notes where each key stands, and refuses what
/// the parser cannot be given. It takes more than TOML: what it takes still goes to the parser.
struct TOMLKeyScanner {
  /// The line of each key, by its path as `key(_:in:)` and `item(_:in:)` write it.
  private(set) var lines: [ByteKey: Int] = [:]
  /// The line at which the text stopped being anything like TOML.
  private(set) var faultLine: Int?

  private let bytes: [UInt8]
  private let file: String
  private let depthLimit: Int
  private var at = 0
  private var line = 1
  /// How many tables each array of tables has so far.
  private var counts: [ByteKey: Int] = [:]
  /// The lines of the tables' own headers.
  private var headers: [ByteKey: Int] = [:]

  /// The path of the member that is being read.
  private var current = ""

  /// Stands between the keys of a path, and in no key.
  private static let separator = "\u{1}"

  static func key(_ key: String, in path: String) -> String {
    path.isEmpty ? key : path + separator + key
  }

  static func item(_ index: Int, in path: String) -> String { "\(path)\(separator)[\(index)]" }

  /// A place where the text is not TOML; the parser says what is wrong with it.
  private enum Stop: Error { case fault, refusal(Refusal) }

  init(_ bytes: [UInt8], file: String, depthLimit: Int) throws(Refusal) {
    self.bytes = bytes
    self.file = file
    self.depthLimit = depthLimit
    do throws(Stop) {
      try scan()
    } catch {
      if case .refusal(let refusal) = error { throw refusal }
      faultLine = line
    }
  }

  private func refused(_ found: String, _ expected: String) -> Stop {
    let path = current.replacing("\(Self.separator)[", with: "[").replacing(
      Self.separator, with: ".")
    let place = JobPlace(file: file, path: path, origin: .line(line))
    return .refusal(place.refusal(found, expected: expected))
  }

  private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

  private func starts(with text: StaticString) -> Bool {
    bytes[at...].starts(
      with: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  private mutating func scan() throws(Stop) {
    var table = (path: "", depth: 0)
    skipBlank(newlines: true)
    while let byte = next {
      if byte == UInt8(ascii: "[") {
        table = try header()
      } else {
        try member(of: table.path, depth: table.depth)
      }
      skipBlank(newlines: true)
    }
  }

  /// Spaces and comments; line ends too where they end nothing.
  private mutating func skipBlank(newlines: Bool) {
    while let byte = next {
      switch byte {
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): at += 1
      case UInt8(ascii: "\n") where newlines:
        at += 1
        line += 1
      case UInt8(ascii: "#"):
        while let byte = next, byte != UInt8(ascii: "\n") { at += 1 }
      default: return
      }
    }
  }

  private mutating func take(_ byte: UInt8) throws(Stop) {
    guard next == byte else { throw .fault }
    at += 1
  }

  private mutating func note(_ path: String) { lines[ByteKey(path)] = line }

  // MARK: Keys

  private mutating func header() throws(Stop) -> (path: String, depth: Int) {
    let isArray = starts(with: "[[")
    at += isArray ? 2 : 1
    let keys = try dottedKey()
    try take(UInt8(ascii: "]"))
    if isArray { try take(UInt8(ascii: "]")) }
    var path = ""
    for (index, key) in keys.enumerated() {
      path = Self.key(key, in: path)
      if isArray, index == keys.count - 1 { counts[ByteKey(path), default: 0] += 1 }
      if lines[ByteKey(path)] == nil { note(path) }
      if let count = counts[ByteKey(path)] {
        path = Self.item(count - 1, in: path)
        if lines[ByteKey(path)] == nil { note(path) }
      }
    }
    current = path
    if let first = headers.updateValue(line, forKey: ByteKey(path)) {
      throw refused(
        "a duplicate table, first on line \(first) and again on line \(line)", "each table once")
    }
    return (path, keys.count)
  }

  private mutating func member(of table: String, depth: Int) throws(Stop) {
    current = table
    let keys = try dottedKey()
    try limit(depth + keys.count)
    var path = table
    for key in keys.dropLast() {
      path = Self.key(key, in: path)
      if lines[ByteKey(path)] == nil { note(path) }
    }
    path = Self.key(keys[keys.count - 1], in: path)
    current = path
    if let first = lines[ByteKey(path)] {
      throw refused(
        "a duplicate key, first on line \(first) and again on line \(line)", "each key once")
    }
    note(path)
    try take(UInt8(ascii: "="))
    skipBlank(newlines: false)
    try value(path, depth: depth + keys.count)
  }

  private func limit(_ depth: Int) throws(Stop) {
    guard depth <= depthLimit else {
      throw refused(
        "nesting deeper than \(depthLimit)", "a job nested at most \(depthLimit) deep (the limit)")
    }
  }

  private mutating func dottedKey() throws(Stop) -> [String] {
    var keys: [String] = []
    while true {
      skipBlank(newlines: false)
      keys.append(try key())
      try limit(keys.count)
      skipBlank(newlines: false)
      guard next == UInt8(ascii: ".") else { return keys }
      at += 1
    }
  }

  private mutating func key() throws(Stop) -> String {
    let start = at
    switch next {
    case UInt8(ascii: "\""):
      try quotedText(UInt8(ascii: "\""))
      let text = bytes[start + 1..<at - 1]
      // A key with an escape has no line of its own; its quotation mark keeps it apart.
      return String(
        decoding: text.contains(UInt8(ascii: "\\")) ? bytes[start..<at - 1] : text, as: UTF8.self)
    case UInt8(ascii: "'"):
      try quotedText(UInt8(ascii: "'"))
      return String(decoding: bytes[start + 1..<at - 1], as: UTF8.self)
    default:
      while let byte = next, !" \t\r\n.=]#\"'[{},".utf8.contains(byte) { at += 1 }
      guard at > start else { throw .fault }
      return String(decoding: bytes[start..<at], as: UTF8.self)
    }
  }

  // MARK: Values

  private mutating func value(_ path: String, depth: Int) throws(Stop) {
    switch next {
    case UInt8(ascii: "\""), UInt8(ascii: "'"): try text()
    case UInt8(ascii: "["): try list(path, depth: depth + 1)
    case UInt8(ascii: "{"): try inlineTable(path, depth: depth + 1)
    default:
      let start = at
      while let byte = next, !"\r\n#,]}\"'[{".utf8.contains(byte) { at += 1 }
      guard at > start else { throw .fault }
    }
  }

  private mutating func list(_ path: String, depth: Int) throws(Stop) {
    try limit(depth)
    let first = line
    at += 1
    var index = 0
    while true {
      skipBlank(newlines: true)
      if next == UInt8(ascii: "]") { break }
      let item = Self.item(index, in: path)
      if line != first { note(item) }
      try value(item, depth: depth)
      index += 1
      skipBlank(newlines: true)
      if next == UInt8(ascii: "]") { break }
      try take(UInt8(ascii: ","))
    }
    at += 1
  }

  private mutating func inlineTable(_ path: String, depth: Int) throws(Stop) {
    try limit(depth)
    at += 1
    skipBlank(newlines: true)
    while next != UInt8(ascii: "}") {
      try member(of: path, depth: depth)
      skipBlank(newlines: true)
      if next == UInt8(ascii: "}") { break }
      try take(UInt8(ascii: ","))
      skipBlank(newlines: true)
    }
    at += 1
  }

  private mutating func text() throws(Stop) {
    let quote = bytes[at]
    guard bytes[at...].prefix(3).elementsEqual([quote, quote, quote]) else {
      return try quotedText(quote)
    }
    at += 3
    while !bytes[at...].prefix(3).elementsEqual([quote, quote, quote]) {
      try textByte(quote, newlines: true)
    }
    at += 3
    // Up to two quotation marks may stand before the three that close.
    for _ in 0..<2 where next == quote { at += 1 }
  }

  private mutating func quotedText(_ quote: UInt8) throws(Stop) {
    at += 1
    while next != quote { try textByte(quote, newlines: false) }
    at += 1
  }

  private mutating func textByte(_ quote: UInt8, newlines: Bool) throws(Stop) {
    guard let byte = next else { throw .fault }
    at += 1
    if byte == UInt8(ascii: "\n") {
      guard newlines else {
        at -= 1
        throw .fault
      }
      line += 1
    } else if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
      if starts(with: "u0000") || starts(with: "U00000000") || starts(with: "x00") {
        throw refused("the character NUL in a text", "text without it")
      }
      guard let escaped = next else { throw .fault }
      if escaped != UInt8(ascii: "\n") { at += 1 }
    }
  }
}
