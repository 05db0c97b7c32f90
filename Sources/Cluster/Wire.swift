internal import Inputs

/// Writes the fields of a message; integers little-endian, so that hosts can tell their orders.
struct WireWriter {
  private(set) var bytes: [UInt8] = []

  mutating func byte(_ value: UInt8) { bytes.append(value) }

  mutating func integer(_ value: Int) {
    withUnsafeBytes(of: Int64(value).littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func double(_ value: Double) { integer(Int(bitPattern: UInt(value.bitPattern))) }

  mutating func blob(_ value: [UInt8]) {
    integer(value.count)
    bytes.append(contentsOf: value)
  }

  mutating func string(_ value: String) { blob(Array(value.utf8)) }

  mutating func refusal(_ refusal: Refusal) {
    byte(UInt8(truncatingIfNeeded: refusal.kind.exitCode))
    for text in [refusal.file, refusal.field, refusal.found, refusal.expected] { string(text) }
  }
}

/// Reads what `WireWriter` wrote; every length is checked against the bytes that are there.
struct WireReader {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) { rest = bytes[...] }

  var isAtEnd: Bool { rest.isEmpty }

  private mutating func take(_ count: Int) throws(MPIError) -> ArraySlice<UInt8> {
    guard count >= 0, count <= rest.count else {
      throw .malformed(what: "a message cut short, \(rest.count) bytes where \(count) should be")
    }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  mutating func byte() throws(MPIError) -> UInt8 {
    try take(1).first ?? 0
  }

  mutating func integer() throws(MPIError) -> Int {
    let bits = try take(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return Int(Int64(bitPattern: bits))
  }

  mutating func double() throws(MPIError) -> Double {
    Double(bitPattern: UInt64(UInt(bitPattern: try integer())))
  }

  mutating func blob() throws(MPIError) -> [UInt8] { Array(try take(try integer())) }

  mutating func string() throws(MPIError) -> String {
    String(decoding: try blob(), as: UTF8.self)
  }

  mutating func refusal() throws(MPIError) -> Refusal {
    let code = Int32(try byte())
    let kinds: [Refusal.Kind] = [.commandLine, .job, .model, .store, .resources, .cluster]
    guard let kind = kinds.first(where: { $0.exitCode == code }) else {
      throw .malformed(what: "a refusal of kind \(code)")
    }
    return Refusal(
      kind, file: try string(), field: try string(), found: try string(), expected: try string())
  }

  /// Ends the reading; bytes left over are a fault.
  func end() throws(MPIError) {
    guard isAtEnd else { throw .malformed(what: "\(rest.count) bytes after a message's end") }
  }
}
