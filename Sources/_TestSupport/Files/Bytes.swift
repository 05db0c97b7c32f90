/// The little-endian bytes of a number.
package func littleEndian(_ value: some BitwiseCopyable) -> [UInt8] {
  withUnsafeBytes(of: value) { Array($0) }
}

/// A safetensors file with that header text, whatever it says.
package func safetensors(_ header: String, data: [UInt8] = []) -> [UInt8] {
  littleEndian(UInt64(header.utf8.count)) + header.utf8 + data
}
