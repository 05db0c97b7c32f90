package import Inputs

/// Little-endian numbers one after another.
package struct ByteWriter {
  package private(set) var bytes: [UInt8] = []

  package init() {}

  package mutating func integer(_ value: Int32) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  package mutating func append(_ bytes: [UInt8]) { self.bytes += bytes }

  package mutating func double(_ value: Double) {
    withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
  }

  package mutating func append(_ file: StoredFile) {
    double(Double(file.size))
    append(Array(file.digest.utf8))
  }

  package mutating func floats(_ values: [Float]) {
    for value in values { integer(Int32(bitPattern: value.bitPattern)) }
  }

  package static func bytes(of values: [Float]) -> [UInt8] {
    var writer = ByteWriter()
    writer.floats(values)
    return writer.bytes
  }

  package static func integer(_ bytes: [UInt8], at start: Int) -> Int32 {
    (0..<4).reduce(0) { $0 | Int32(bitPattern: UInt32(bytes[start + $1]) << (8 * UInt32($1))) }
  }

  package static func floats(_ bytes: [UInt8], from start: Int) -> [Float] {
    stride(from: start, to: bytes.count - 3, by: 4).map {
      Float(bitPattern: UInt32(bitPattern: integer(bytes, at: $0)))
    }
  }
}

/// Reads what `ByteWriter` wrote, checked against its end.
package struct ByteReader {
  private let bytes: [UInt8]
  private let what: String
  private var at = 0

  package init(_ bytes: [UInt8], what: String) { (self.bytes, self.what) = (bytes, what) }

  package var malformed: Refusal {
    Refusal(
      .store, field: what, found: "a result of \(bytes.count) bytes that cannot be read at \(at)",
      expected: "a unit's result")
  }

  package mutating func integer() throws(Refusal) -> Int {
    guard bytes.count - at >= 4 else { throw malformed }
    defer { at += 4 }
    return Int(ByteWriter.integer(bytes, at: at))
  }

  package mutating func count(upTo limit: Int) throws(Refusal) -> Int {
    let count = try integer()
    guard (0...limit).contains(count) else { throw malformed }
    return count
  }

  package mutating func floats(_ count: Int) throws(Refusal) -> [Float] {
    guard count <= (bytes.count - at) / 4 else { throw malformed }
    defer { at += 4 * count }
    return (0..<count).map {
      Float(bitPattern: UInt32(bitPattern: ByteWriter.integer(bytes, at: at + 4 * $0)))
    }
  }

  package mutating func text(_ count: Int) throws(Refusal) -> String {
    guard bytes.count - at >= count,
      let text = String(validating: bytes[at..<at + count], as: UTF8.self)
    else { throw malformed }
    at += count
    return text
  }

  package mutating func double() throws(Refusal) -> Double {
    let bits = try bytes(8).enumerated().reduce(UInt64(0)) {
      $0 | UInt64($1.element) << (8 * UInt64($1.offset))
    }
    return Double(bitPattern: bits)
  }

  package mutating func file() throws(Refusal) -> StoredFile {
    guard let size = Int(exactly: try double()), size > 0 else { throw malformed }
    return StoredFile(size: size, digest: try text(64))
  }

  package mutating func bytes(_ count: Int) throws(Refusal) -> [UInt8] {
    guard bytes.count - at >= count else { throw malformed }
    defer { at += count }
    return Array(bytes[at..<at + count])
  }

  package func end() throws(Refusal) { if at != bytes.count { throw malformed } }
}
