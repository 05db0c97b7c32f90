/// The Castagnoli CRC of 32 bits, as iSCSI and Zarr use it: RFC 3720, appendix B.4.
///
/// Tables for eight bytes at a time, since every chunk and record passes through it.
package enum CRC32C {
  private static let tables: [UInt32] = {
    var tables = [UInt32](repeating: 0, count: 8 * 256)
    for byte in 0..<256 {
      var value = UInt32(byte)
      for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0x82F6_3B78 : value >> 1 }
      tables[byte] = value
    }
    for table in 1..<8 {
      for byte in 0..<256 {
        let before = tables[(table - 1) * 256 + byte]
        tables[table * 256 + byte] = before >> 8 ^ tables[Int(before & 0xFF)]
      }
    }
    return tables
  }()

  package static func of(_ bytes: some Collection<UInt8>) -> UInt32 {
    bytes.withContiguousStorageIfAvailable { of(UnsafeRawBufferPointer($0)) }
      ?? Array(bytes).withUnsafeBytes { of($0) }
  }

  static func of(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    tables.withUnsafeBufferPointer { table in
      var crc = UInt32.max
      var at = 0
      while bytes.count - at >= 8 {
        let word =
          bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self).littleEndian ^ UInt64(crc)
        crc = 0
        for lane in 0..<8 {
          crc ^= table[(7 - lane) * 256 + Int(truncatingIfNeeded: word >> UInt64(8 * lane)) & 0xFF]
        }
        at += 8
      }
      while at < bytes.count {
        crc = crc >> 8 ^ table[Int((crc ^ UInt32(bytes[at])) & 0xFF)]
        at += 1
      }
      return ~crc
    }
  }
}
