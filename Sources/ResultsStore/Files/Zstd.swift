internal import CZstd
package import Inputs

/// Single zstd frames in memory, on the terms of a store: what is read is one frame, with a
/// checksum, of exactly the size that the store expects.
///
/// The format is RFC 8878; the library is zstd.
package enum Zstd {
  /// The library's version.
  package static var version: String { String(cString: ZSTD_versionString()) }

  /// The largest content of one frame, in bytes; bounds what a hostile frame can make us allocate.
  package static let contentLimit = 1 << 28
  /// The largest window accepted, as a power of two; the library's own limit when it streams.
  private static let windowLogLimit = 27

  /// What a frame may decompress to.
  package enum Size: Sendable, Equatable {
    /// The size that the store's own metadata gives.
    case exactly(Int)
    /// The frame declares its size, which is at most this.
    case atMost(Int)
  }

  /// Compresses bytes to one frame that declares its content's size. `ZSTD_compress2`.
  ///
  /// - Parameters:
  ///   - level: 1 (fast) to 22.
  ///   - checksum: Whether the frame ends in 32 bits of XXH64 of its content.
  package static func compress(
    _ bytes: [UInt8], level: Int = 1, checksum: Bool = true, by context: borrowing Compressor
  ) throws(Refusal) -> [UInt8] {
    guard (1...Int(ZSTD_maxCLevel())).contains(level) else {
      throw Refusal(
        .store, field: "zstd level", found: "\(level)", expected: "1 to \(ZSTD_maxCLevel())")
    }
    guard bytes.count <= contentLimit else {
      throw Refusal(
        .store, field: "zstd frame", found: "\(bytes.count) bytes to compress",
        expected: "at most \(contentLimit) bytes (the limit)")
    }
    let handle = context.handle
    try zstd("ZSTD_CCtx_setParameter") {
      ZSTD_CCtx_setParameter(handle, ZSTD_c_compressionLevel, Int32(level))
    }
    try zstd("ZSTD_CCtx_setParameter") {
      ZSTD_CCtx_setParameter(handle, ZSTD_c_checksumFlag, checksum ? 1 : 0)
    }
    var result = [UInt8](repeating: 0, count: ZSTD_compressBound(bytes.count))
    let capacity = result.count
    let count = try zstd("ZSTD_compress2") {
      result.withUnsafeMutableBytes { target in
        bytes.withUnsafeBytes { source in
          ZSTD_compress2(
            handle, target.baseAddress, capacity, source.baseAddress, source.count)
        }
      }
    }
    result.removeLast(capacity - count)
    return result
  }

  /// Compresses with a context of its own.
  package static func compress(
    _ bytes: [UInt8], level: Int = 1, checksum: Bool = true
  ) throws(Refusal) -> [UInt8] {
    try compress(bytes, level: level, checksum: checksum, by: try Compressor())
  }

  /// Decompresses one frame that is all of `frame`. `ZSTD_decompressDCtx`.
  ///
  /// - Throws: A refusal of kind `store`, without a file, if the bytes are anything but one whole
  ///   frame with a right checksum and a content of that size.
  package static func decompress(
    _ frame: [UInt8], to size: Size, by context: borrowing Decompressor
  ) throws(Refusal) -> [UInt8] {
    let (limit, exact) =
      switch size {
      case .exactly(let count): (count, true)
      case .atMost(let count): (count, false)
      }
    precondition(
      (0...contentLimit).contains(limit), "zstd: \(limit) bytes are past \(contentLimit)")
    let declared = try checkedHeader(frame, limit: limit, exact: exact)
    try checkedLength(frame)
    let handle = context.handle
    var failure: Refusal?
    let content = [UInt8](unsafeUninitializedCapacity: declared) { target, count in
      let code = frame.withUnsafeBytes {
        ZSTD_decompressDCtx(
          handle, target.baseAddress, declared, $0.baseAddress, $0.count)
      }
      count = 0
      if ZSTD_isError(code) == 0 {
        count = code
      } else if ZSTD_getErrorCode(code) == ZSTD_error_dstSize_tooSmall {
        failure = refusal("content larger than \(declared) bytes", "\(declared) bytes (the size)")
      } else {
        failure = refusal("a corrupt frame (\(name(of: code)))", "a whole frame")
      }
    }
    if let failure { throw failure }
    guard content.count == declared else {
      throw refusal("a size of \(content.count) bytes", "\(declared) bytes")
    }
    guard frame[4] & 0x04 != 0 else {
      throw refusal("a frame without checksum", "a frame with one")
    }
    return content
  }

  /// Decompresses with a context of its own.
  package static func decompress(
    _ frame: some Collection<UInt8>, to size: Size
  ) throws(Refusal) -> [UInt8] {
    try decompress(Array(frame), to: size, by: try Decompressor())
  }

  /// Checks magic, flags, window and declared size, and returns the content's size.
  static func checkedHeader(
    _ frame: [UInt8], limit: Int, exact: Bool, windowLog windowLogLimit: Int = windowLogLimit
  ) throws(Refusal) -> Int {
    guard !frame.isEmpty else { throw refusal("0 bytes (empty)", "a frame") }
    guard frame.count >= 6 else {
      throw refusal("\(frame.count) bytes, a truncated frame", "a whole frame")
    }
    guard frame.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) else {
      throw refusal("another magic number than a zstd frame's", "28 b5 2f fd")
    }
    let flags = frame[4]
    guard flags & 0x1B == 0 else {
      throw refusal("a frame with a dictionary or reserved flags", "a plain frame")
    }
    let isSingleSegment = flags & 0x20 != 0
    let windowLog = isSingleSegment ? 0 : 10 + Int(frame[5] >> 3)
    guard windowLog <= windowLogLimit else {
      throw refusal(
        "a window of 2^\(windowLog) bytes of memory", "at most 2^\(windowLogLimit) (the limit)")
    }
    let declared = frame.withUnsafeBytes { ZSTD_getFrameContentSize($0.baseAddress, $0.count) }
    if declared == UInt64.max - 1 {
      throw refusal("a truncated or corrupt frame header", "a whole frame")
    }
    if declared == UInt64.max {
      guard exact else { throw refusal("a frame that declares no size", "one that does") }
      return limit
    }
    guard exact ? declared == UInt64(limit) : declared <= UInt64(limit) else {
      throw refusal(
        "a declared size of \(declared) bytes",
        exact ? "\(limit) bytes" : "at most \(limit) bytes (the limit)")
    }
    return Int(declared)
  }

  /// Checks that the frame ends where the bytes end. `ZSTD_findFrameCompressedSize`.
  private static func checkedLength(_ frame: [UInt8]) throws(Refusal) {
    let length = frame.withUnsafeBytes { ZSTD_findFrameCompressedSize($0.baseAddress, $0.count) }
    if ZSTD_isError(length) != 0 {
      let cut = ZSTD_getErrorCode(length) == ZSTD_error_srcSize_wrong
      throw refusal(
        "a \(cut ? "truncated" : "corrupt") frame of \(frame.count) bytes (\(name(of: length)))",
        "a whole frame")
    }
    guard length == frame.count else {
      throw refusal(
        "\(frame.count - length) trailing bytes after the frame's \(length)", "one frame, no more")
    }
  }

  static func refusal(_ found: String, _ expected: String) -> Refusal {
    Refusal(.store, field: "zstd frame", found: found, expected: expected)
  }
}

/// Makes one zstd call and turns a size that stands for an error into a Swift error.
@discardableResult
func zstd(_ routine: String, _ call: () -> Int) throws(Refusal) -> Int {
  let code = call()
  guard ZSTD_isError(code) == 0 else {
    throw Refusal(.store, field: routine, found: name(of: code), expected: "no error")
  }
  return code
}

func name(of code: Int) -> String { String(cString: ZSTD_getErrorName(code)) }

extension Zstd {
  /// Owns a `ZSTD_CCtx`: worth keeping for many small frames, since a new one costs more than they.
  package struct Compressor: ~Copyable {
    fileprivate let handle: OpaquePointer

    package init() throws(Refusal) {
      guard let handle = ZSTD_createCCtx() else { throw noMemory("ZSTD_createCCtx") }
      self.handle = handle
    }

    deinit { ZSTD_freeCCtx(handle) }
  }

  /// Owns a `ZSTD_DCtx`, likewise.
  package struct Decompressor: ~Copyable {
    let handle: OpaquePointer

    package init() throws(Refusal) {
      guard let handle = ZSTD_createDCtx() else { throw noMemory("ZSTD_createDCtx") }
      self.handle = handle
    }

    deinit { ZSTD_freeDCtx(handle) }
  }
}

private func noMemory(_ routine: String) -> Refusal {
  Refusal(.resources, field: routine, found: "no memory", expected: "memory for a zstd context")
}
