internal import CKernels

/// The Castagnoli CRC of 32 bits, as iSCSI and Zarr use it: RFC 3720, appendix B.4.
package enum CRC32C {
  package static func of(_ bytes: some Collection<UInt8>) -> UInt32 {
    bytes.withContiguousStorageIfAvailable { of(UnsafeRawBufferPointer($0)) }
      ?? Array(bytes).withUnsafeBytes { of($0) }
  }

  static func of(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    bytes.baseAddress.map { crc32c_update(0, $0, bytes.count) } ?? 0
  }
}
