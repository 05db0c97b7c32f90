package import Inputs

/// The types of a Zarr array that every reader opens, by their names in `zarr.json`.
package enum ZarrDataType: String, Sendable, CaseIterable {
  case bool, uint8, int32, int64, float32, float64
  /// Labels of variable length. zarr-python and xarray read them, TensorStore does not: keep an
  /// array of integers beside them.
  case string

  /// Bytes of an element; nil for strings.
  package var size: Int? {
    switch self {
    case .bool, .uint8: 1
    case .int32, .float32: 4
    case .int64, .float64: 8
    case .string: nil
    }
  }

  var isFloat: Bool { self == .float32 || self == .float64 }
}

/// A Swift type that is stored as the elements of an array.
package protocol ZarrElement: Sendable {
  static var zarrType: ZarrDataType { get }
  /// The element that a missing chunk reads as.
  static func fill(_ integer: Int) -> Self
  /// The elements as the codec before compression writes them.
  static func encode(_ values: [Self]) -> [UInt8]
  /// The elements in decoded bytes; throws unless they are exactly `count`.
  static func decode(_ bytes: [UInt8], count: Int) throws(Refusal) -> [Self]
}

#if _endian(big)
  #error("arrays are written as they lie in memory, which must be little-endian")
#endif

/// An element that is stored as it lies in memory.
private protocol PlainElement: ZarrElement, BitwiseCopyable {
  static var zero: Self { get }
}

extension PlainElement {
  package static func encode(_ values: [Self]) -> [UInt8] {
    values.withUnsafeBytes { Array($0) }
  }

  package static func decode(_ bytes: [UInt8], count: Int) throws(Refusal) -> [Self] {
    try checkSize(bytes, count * MemoryLayout<Self>.stride)
    var values = [Self](repeating: zero, count: count)
    values.withUnsafeMutableBytes { $0.copyBytes(from: bytes) }
    return values
  }
}

private func checkSize(_ bytes: [UInt8], _ expected: Int) throws(Refusal) {
  guard bytes.count == expected else {
    throw Refusal(
      .store, field: "chunk", found: "\(bytes.count) bytes", expected: "\(expected) bytes")
  }
}

extension Float: PlainElement {
  package static var zarrType: ZarrDataType { .float32 }
  package static func fill(_: Int) -> Float { .nan }
}

extension Double: PlainElement {
  package static var zarrType: ZarrDataType { .float64 }
  package static func fill(_: Int) -> Double { .nan }
}

extension UInt8: PlainElement {
  package static var zarrType: ZarrDataType { .uint8 }
  package static func fill(_ integer: Int) -> UInt8 { UInt8(integer) }
}

extension Int32: PlainElement {
  package static var zarrType: ZarrDataType { .int32 }
  package static func fill(_ integer: Int) -> Int32 { Int32(integer) }
}

extension Int64: PlainElement {
  package static var zarrType: ZarrDataType { .int64 }
  package static func fill(_ integer: Int) -> Int64 { Int64(integer) }
}

extension Bool: ZarrElement {
  package static var zarrType: ZarrDataType { .bool }
  package static func fill(_: Int) -> Bool { false }
  package static func encode(_ values: [Bool]) -> [UInt8] { values.map { $0 ? 1 : 0 } }

  package static func decode(_ bytes: [UInt8], count: Int) throws(Refusal) -> [Bool] {
    try checkSize(bytes, count)
    guard bytes.allSatisfy({ $0 < 2 }) else {
      throw Refusal(.store, field: "chunk", found: "a byte past 1", expected: "0 or 1 (bool)")
    }
    return bytes.map { $0 == 1 }
  }
}

/// The codec `vlen-utf8`: a count, then for each string its length in bytes and its UTF-8.
extension String: ZarrElement {
  package static var zarrType: ZarrDataType { .string }
  package static func fill(_: Int) -> String { "" }

  package static func encode(_ values: [String]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(littleEndian: UInt32(values.count))
    for value in values {
      bytes.append(littleEndian: UInt32(value.utf8.count))
      bytes += value.utf8
    }
    return bytes
  }

  package static func decode(_ bytes: [UInt8], count: Int) throws(Refusal) -> [String] {
    func refusal(_ found: String) -> Refusal {
      Refusal(.store, field: "chunk", found: found, expected: "\(count) strings (vlen-utf8)")
    }
    guard bytes.count >= 4, bytes.littleEndian(UInt32.self, at: 0) == UInt32(count) else {
      throw refusal("another count of strings")
    }
    var values: [String] = []
    var at = 4
    for place in 0..<count {
      guard bytes.count - at >= 4 else { throw refusal("\(place) strings, truncated") }
      let length = Int(bytes.littleEndian(UInt32.self, at: at))
      at += 4
      guard length <= bytes.count - at else { throw refusal("\(place) strings, truncated") }
      guard let text = String(validating: bytes[at..<at + length], as: UTF8.self) else {
        throw refusal("bytes that are not UTF-8 in string \(place)")
      }
      values.append(text)
      at += length
    }
    guard at == bytes.count else { throw refusal("\(bytes.count - at) bytes after the last") }
    return values
  }
}
