extension JSON {
  /// Parses one JSON text.
  ///
  /// - Parameters:
  ///   - bytes: UTF-8 without a byte-order mark.
  ///   - depth: The deepest nesting accepted.
  ///   - values: The most values accepted, counted before they take memory.
  /// - Throws: A refusal of `kind` whose field is the key or line and column of the fault.
  public static func parse(
    _ bytes: some Collection<UInt8>, file: String, kind: Refusal.Kind, depth: Int = 64,
    values: Int = 1_000_000
  ) throws(Refusal) -> JSON {
    let result =
      bytes.withContiguousStorageIfAvailable { parseBuffer($0, file, kind, depth, values) }
      ?? Array(bytes).withUnsafeBufferPointer { parseBuffer($0, file, kind, depth, values) }
    return try result.get()
  }

  private static func parseBuffer(
    _ bytes: UnsafeBufferPointer<UInt8>, _ file: String, _ kind: Refusal.Kind, _ depth: Int,
    _ values: Int
  ) -> Result<JSON, Refusal> {
    Result { () throws(Refusal) in
      var parser = JSONParser(
        bytes: bytes, file: file, kind: kind, depthLimit: depth, valueLimit: values)
      return try parser.document()
    }
  }
}

/// A recursive-descent parser whose recursion is bounded by `depthLimit`.
private struct JSONParser {
  let bytes: UnsafeBufferPointer<UInt8>
  let file: String
  let kind: Refusal.Kind
  let depthLimit: Int
  let valueLimit: Int
  var at = 0
  var valueCount = 0
  var depth = 0
  var path: [String] = []

  func refusal(_ found: String, _ expected: String, at place: Int? = nil) -> Refusal {
    let place = min(place ?? at, bytes.count)
    let before = bytes[..<place]
    let line = before.count { $0 == 10 } + 1
    let column = place - (before.lastIndex(of: 10) ?? -1)
    let field = path.isEmpty ? "" : path.joined(separator: ".") + ", "
    return Refusal(
      kind, file: file, field: "\(field)line \(line), column \(column)", found: found,
      expected: expected)
  }

  mutating func document() throws(Refusal) -> JSON {
    if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF {
      throw refusal("a byte-order mark", "JSON without one")
    }
    if bytes.count >= 2, bytes[0] == 0 || bytes[1] == 0 || bytes[0] >= 0xFE {
      throw refusal("bytes that are not UTF-8 text", "JSON in UTF-8")
    }
    skipSpace()
    guard at < bytes.count else { throw refusal("an empty JSON text", "a JSON value") }
    let value = try value()
    skipSpace()
    guard at == bytes.count else {
      throw refusal("text after the JSON value", "the end of the JSON text")
    }
    return value
  }

  mutating func skipSpace() {
    while at < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[at]) { at += 1 }
  }

  mutating func value() throws(Refusal) -> JSON {
    guard at < bytes.count else { throw refusal("the end of the text", "a JSON value") }
    valueCount += 1
    guard valueCount <= valueLimit else {
      throw refusal(
        "more than \(valueLimit) values",
        "at most \(valueLimit) (the limit); data of any size goes in a file of its own")
    }
    switch bytes[at] {
    case UInt8(ascii: "{"): return try object()
    case UInt8(ascii: "["): return try array()
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  mutating func word(_ text: String, _ value: JSON) throws(Refusal) -> JSON {
    guard bytes[at...].starts(with: text.utf8) else {
      throw refusal("a character that begins no JSON value", "JSON")
    }
    at += text.utf8.count
    return value
  }

  mutating func enter() throws(Refusal) {
    depth += 1
    at += 1
    guard depth <= depthLimit else {
      throw refusal("nesting deeper than \(depthLimit)", "JSON nested at most \(depthLimit) deep")
    }
  }

  mutating func object() throws(Refusal) -> JSON {
    try enter()
    var object = JSONObject()
    skipSpace()
    if at < bytes.count, bytes[at] == UInt8(ascii: "}") {
      at += 1
      depth -= 1
      return .object(object)
    }
    while true {
      skipSpace()
      let keyPlace = at
      guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else {
        throw refusal(at < bytes.count ? "no key" : "the end of the text", "a JSON object's key")
      }
      let key = try string()
      path.append(key)
      skipSpace()
      guard at < bytes.count, bytes[at] == UInt8(ascii: ":") else {
        throw refusal("no ':' after a key", "JSON")
      }
      at += 1
      skipSpace()
      let member = try value()
      guard object.insert(member, forKey: key) else {
        throw refusal("a duplicate key \(quoted(key))", "each key once", at: keyPlace)
      }
      path.removeLast()
      skipSpace()
      guard at < bytes.count else { throw refusal("the end of the text", "',' or '}' in JSON") }
      let next = bytes[at]
      at += 1
      if next == UInt8(ascii: "}") { break }
      guard next == UInt8(ascii: ",") else {
        throw refusal("no ',' between members", "',' or '}' in JSON", at: at - 1)
      }
    }
    depth -= 1
    return .object(object)
  }

  mutating func array() throws(Refusal) -> JSON {
    try enter()
    var items: [JSON] = []
    skipSpace()
    if at < bytes.count, bytes[at] == UInt8(ascii: "]") {
      at += 1
      depth -= 1
      return .array(items)
    }
    while true {
      skipSpace()
      items.append(try value())
      skipSpace()
      guard at < bytes.count else { throw refusal("the end of the text", "',' or ']' in JSON") }
      let next = bytes[at]
      at += 1
      if next == UInt8(ascii: "]") { break }
      guard next == UInt8(ascii: ",") else {
        throw refusal("no ',' between items", "',' or ']' in JSON", at: at - 1)
      }
    }
    depth -= 1
    return .array(items)
  }

  mutating func number() throws(Refusal) -> JSON {
    let start = at
    func isDigit(_ i: Int) -> Bool { i < bytes.count && (48...57).contains(bytes[i]) }
    if bytes[at] == UInt8(ascii: "-") { at += 1 }
    guard isDigit(at) else {
      throw refusal("a character that begins no JSON value", "JSON", at: start)
    }
    if bytes[at] == 48, isDigit(at + 1) { throw refusal("a leading zero", "a JSON number") }
    while isDigit(at) { at += 1 }
    if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
      at += 1
      guard isDigit(at) else { throw refusal("no digit after '.'", "a JSON number") }
      while isDigit(at) { at += 1 }
    }
    if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
      at += 1
      if at < bytes.count, [UInt8(ascii: "+"), UInt8(ascii: "-")].contains(bytes[at]) { at += 1 }
      guard isDigit(at) else { throw refusal("no digit in the exponent", "a JSON number") }
      while isDigit(at) { at += 1 }
    }
    return .number(JSONNumber(text: String(decoding: bytes[start..<at], as: UTF8.self)))
  }

  mutating func string() throws(Refusal) -> String {
    at += 1
    let start = at
    while at < bytes.count, bytes[at] != UInt8(ascii: "\""), bytes[at] != UInt8(ascii: "\\"),
      bytes[at] >= 0x20
    { at += 1 }
    if at < bytes.count, bytes[at] == UInt8(ascii: "\"") {
      defer { at += 1 }
      return try validated(UnsafeBufferPointer(rebasing: bytes[start..<at]), start)
    }
    var text = Array(bytes[start..<at])
    while true {
      guard at < bytes.count else { throw refusal("the end of the text", "a JSON string's end") }
      let byte = bytes[at]
      at += 1
      if byte == UInt8(ascii: "\"") { break }
      guard byte >= 0x20 else {
        throw refusal("a control character in a string", "JSON, which escapes it", at: at - 1)
      }
      if byte != UInt8(ascii: "\\") {
        text.append(byte)
      } else {
        try escape(into: &text)
      }
    }
    return try text.withUnsafeBufferPointer { (buffer) throws(Refusal) in
      try validated(buffer, start)
    }
  }

  func validated(_ text: UnsafeBufferPointer<UInt8>, _ start: Int) throws(Refusal) -> String {
    guard let string = String(validating: text, as: UTF8.self) else {
      throw refusal("bytes that are not UTF-8", "a JSON string in UTF-8", at: start)
    }
    return string
  }

  mutating func escape(into text: inout [UInt8]) throws(Refusal) {
    guard at < bytes.count else { throw refusal("the end of the text", "a JSON escape") }
    let byte = bytes[at]
    at += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(8)
    case UInt8(ascii: "f"): text.append(12)
    case UInt8(ascii: "n"): text.append(10)
    case UInt8(ascii: "r"): text.append(13)
    case UInt8(ascii: "t"): text.append(9)
    case UInt8(ascii: "u"):
      var value = try hexadecimal()
      if (0xD800..<0xDC00).contains(value), at + 1 < bytes.count,
        bytes[at] == UInt8(ascii: "\\"), bytes[at + 1] == UInt8(ascii: "u")
      {
        at += 2
        let low = try hexadecimal()
        guard (0xDC00..<0xE000).contains(low) else {
          throw refusal("half a surrogate pair", "JSON text in Unicode")
        }
        value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(value) else {
        throw refusal("half a surrogate pair", "JSON text in Unicode")
      }
      text.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    default: throw refusal("an unknown escape in a string", "JSON", at: at - 1)
    }
  }

  mutating func hexadecimal() throws(Refusal) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard at < bytes.count, let digit = Character(Unicode.Scalar(bytes[at])).hexDigitValue else {
        throw refusal("fewer than four digits after \\u", "JSON")
      }
      value = value << 4 + UInt32(digit)
      at += 1
    }
    return value
  }
}
