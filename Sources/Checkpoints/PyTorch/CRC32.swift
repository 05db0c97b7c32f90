internal import CKernels

/// The CRC-32 of zip archives, of bytes that come in pieces.
struct CRC32 {
  private(set) var value: UInt32 = 0

  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    value = crc32_update(value, bytes.baseAddress, bytes.count)
  }

  /// The CRC-32 of values as they lie in memory.
  static func of(_ values: [some BitwiseCopyable]) -> UInt32 {
    var crc = CRC32()
    values.withUnsafeBytes { crc.update($0) }
    return crc.value
  }

  /// A CRC-32 as it is usually written: eight hexadecimal digits.
  static func text(_ value: UInt32) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }
}
