internal import Inputs

/// The Python dictionary in the header of a `.npy` file, `{'descr': '<f4', 'fortran_order': False,
/// 'shape': (2, 3), }`: read as what it must be, never evaluated.
struct NumPyHeader {
  private let text: [UInt8]
  private let file: BoundedFile
  private var at = 0

  private(set) var elementType = ElementType.f32
  private(set) var isFortranOrder = false
  private(set) var shape: [Int] = []

  init(_ text: [UInt8], of file: BoundedFile) { (self.text, self.file) = (text, file) }

  func refusal(_ found: String, _ expected: String, field: String = "") -> Refusal {
    Refusal(
      file.kind, file: file.path, field: field.isEmpty ? "header, byte \(at)" : field,
      found: found, expected: expected)
  }

  mutating func read() throws(Refusal) {
    var seen: Set<String> = []
    try take("{")
    while true {
      skipSpace()
      if next == UInt8(ascii: "}") { break }
      let key = try string()
      guard ["descr", "fortran_order", "shape"].contains(key) else {
        throw refusal("the key \(quoted(key))", "descr, fortran_order and shape")
      }
      guard seen.insert(key).inserted else {
        throw refusal("a duplicate key \(quoted(key))", "each key once")
      }
      try take(":")
      switch key {
      case "descr": try readType()
      case "fortran_order": isFortranOrder = try flag()
      default: try readShape()
      }
      skipSpace()
      if next != UInt8(ascii: "}") { try take(",") }
    }
    try take("}")
    guard text[at...].allSatisfy({ [0x20, 0x0A].contains($0) }) else {
      throw refusal("text after the dictionary", "spaces to the header's end")
    }
    for key in ["descr", "fortran_order", "shape"] where !seen.contains(key) {
      throw refusal("no such key", "a value", field: key)
    }
  }

  private var next: UInt8? { at < text.count ? text[at] : nil }

  private mutating func skipSpace() {
    while next == UInt8(ascii: " ") || next == UInt8(ascii: "\n") { at += 1 }
  }

  private mutating func take(_ character: Character) throws(Refusal) {
    skipSpace()
    guard let byte = next else { throw refusal("the end of the header", "'\(character)'") }
    guard byte == character.asciiValue else {
      throw refusal("the byte \(byte)", "'\(character)' of a Python dictionary")
    }
    at += 1
  }

  /// Text between quotation marks, without escapes: none of the words that may stand here has any.
  private mutating func string() throws(Refusal) -> String {
    skipSpace()
    guard let quote = next, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
      throw refusal(next.map { "the byte \($0)" } ?? "the end of the header", "a quoted word")
    }
    let start = at + 1
    guard let end = text[start...].firstIndex(of: quote) else {
      throw refusal("the end of the header", "the quotation mark that ends a word")
    }
    at = end + 1
    return String(decoding: text[start..<end], as: UTF8.self)
  }

  private mutating func readType() throws(Refusal) {
    skipSpace()
    guard next != UInt8(ascii: "[") else {
      throw refusal("an array of records", "an array of numbers", field: "descr")
    }
    let name = try string()
    guard let type = Self.types[name] else {
      let what =
        name.hasPrefix(">")
        ? " (big-endian)" : name.hasSuffix("O") ? " (Python objects, which are pickles)" : ""
      throw refusal(
        quoted(name) + what, "one of \(Self.types.keys.sorted().joined(separator: ", "))",
        field: "descr")
    }
    elementType = type
  }

  private static let types: [String: ElementType] = [
    "<f8": .f64, "<f4": .f32, "<f2": .f16, "<i8": .i64, "<i4": .i32, "<i2": .i16, "|i1": .i8,
    "<u8": .u64, "<u4": .u32, "<u2": .u16, "|u1": .u8, "|b1": .bool,
  ]

  private mutating func flag() throws(Refusal) -> Bool {
    skipSpace()
    for (word, value) in [("True", true), ("False", false)]
    where text[at...].starts(with: word.utf8) {
      at += word.utf8.count
      return value
    }
    throw refusal("another value", "True or False", field: "fortran_order")
  }

  /// `()`, `(3,)`, `(3, 4)`; NumPy of Python 2 wrote `(3L,)`.
  private mutating func readShape() throws(Refusal) {
    try take("(")
    skipSpace()
    while next != UInt8(ascii: ")") {
      guard shape.count < NumPyFile.rankLimit else {
        throw refusal(
          "more than \(NumPyFile.rankLimit) dimensions", "at most \(NumPyFile.rankLimit)",
          field: "shape")
      }
      shape.append(try size())
      if next == UInt8(ascii: "L") { at += 1 }
      skipSpace()
      if next == UInt8(ascii: ",") {
        at += 1
        skipSpace()
      } else {
        guard shape.count > 1, next == UInt8(ascii: ")") else {
          throw refusal("no ',' after a size", "a tuple of sizes", field: "shape")
        }
      }
    }
    at += 1
  }

  private mutating func size() throws(Refusal) -> Int {
    let start = at
    while let byte = next, (48...57).contains(byte) || byte == UInt8(ascii: "-") { at += 1 }
    let digits = String(decoding: text[start..<at], as: UTF8.self)
    guard let size = Int(digits), size >= 0 else {
      let rest = text[start...].prefix(40)
      throw refusal(
        digits.isEmpty ? quoted(String(decoding: rest, as: UTF8.self)) : "the size \(digits)",
        "sizes from 0 to \(Int.max)", field: "shape")
    }
    return size
  }
}
