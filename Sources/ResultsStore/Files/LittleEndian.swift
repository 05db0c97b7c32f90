/// Integers in a byte string, little end first, whatever the machine.
extension Array where Element == UInt8 {
  package mutating func append(littleEndian value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }

  /// The integer at an offset; the caller has checked that it lies inside.
  package func littleEndian<Value: FixedWidthInteger>(_: Value.Type, at offset: Int) -> Value {
    precondition(
      offset >= 0 && offset + MemoryLayout<Value>.size <= count,
      "an integer at \(offset) of \(count) bytes")
    return withUnsafeBytes {
      Value(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Value.self))
    }
  }
}
