/// The fields of a message in Google's wire format, each checked against the bytes that are there.
///
/// <https://protobuf.dev/programming-guides/encoding>. Groups, which nobody writes, are no fields.
struct ProtocolBuffer {
  enum Value {
    case varint(UInt64)
    case fixed(UInt64)
    case bytes(ArraySlice<UInt8>)
    case float(Float)
  }

  /// What is wrong with the bytes, and where.
  struct Fault: Error {
    let place: Int
    let found: String
  }

  private var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  /// The next field and its number; nil at the end.
  mutating func next() throws(Fault) -> (number: Int, value: Value)? {
    guard !rest.isEmpty else { return nil }
    let place = rest.startIndex
    let key = try varint()
    let number = Int(key >> 3 & 0x1FFF_FFFF)
    guard number > 0, key >> 32 == 0 else { throw Fault(place: place, found: "the key \(key)") }
    switch key & 7 {
    case 0: return (number, .varint(try varint()))
    case 1: return (number, .fixed(little(try take(8))))
    case 2:
      let length = try varint()
      guard length <= UInt64(rest.count) else {
        throw Fault(place: place, found: "field \(number) of \(length) bytes, \(rest.count) left")
      }
      return (number, .bytes(try take(Int(length))))
    case 5:
      return (
        number,
        .float(Float(bitPattern: UInt32(truncatingIfNeeded: little(try take(4)))))
      )
    default: throw Fault(place: place, found: "field \(number) of the wire type \(key & 7)")
    }
  }

  private mutating func take(_ count: Int) throws(Fault) -> ArraySlice<UInt8> {
    guard count <= rest.count else {
      throw Fault(place: rest.startIndex, found: "\(rest.count) bytes left of \(count)")
    }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  private func little(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  private mutating func varint() throws(Fault) -> UInt64 {
    let place = rest.startIndex
    var result: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      guard let byte = rest.popFirst() else {
        throw Fault(place: place, found: "a number cut short")
      }
      result |= shift < 63 ? UInt64(byte & 0x7F) << shift : UInt64(byte & 1) << 63
      if byte & 0x80 == 0 { return result }
    }
    throw Fault(place: place, found: "a number of more than ten bytes")
  }
}

/// Writes fields in the wire format.
struct ProtocolBufferWriter {
  private(set) var bytes: [UInt8] = []

  mutating func append(_ number: Int, varint value: UInt64) {
    varint(UInt64(number) << 3)
    varint(value)
  }

  mutating func append(_ number: Int, float value: Float) {
    varint(UInt64(number) << 3 | 5)
    withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += $0 }
  }

  mutating func append(_ number: Int, bytes value: some Collection<UInt8>) {
    varint(UInt64(number) << 3 | 2)
    varint(UInt64(value.count))
    bytes += value
  }

  private mutating func varint(_ value: UInt64) {
    var value = value
    while value >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
      value >>= 7
    }
    bytes.append(UInt8(value))
  }
}
