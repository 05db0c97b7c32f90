internal import CZstd
package import Inputs

extension Zstd {
  /// The largest window of a file that is only looked at, as a power of two.
  private static let fileWindowLogLimit = 24

  /// Decompresses a file that is one frame, piece by piece, and keeps nothing of it: the memory is
  /// that of the frame's window, at most 16 MiB. `ZSTD_decompressStream`.
  ///
  /// - Parameter limit: Bytes of content at most.
  /// - Returns: The bytes of its content.
  /// - Throws: On the terms of `decompress`.
  package static func check(_ file: BoundedFile, limit: Int) throws(Refusal) -> Int {
    let start = try file.bytes(at: 0, count: min(file.size, 18))
    let declared = try checkedHeader(
      start, limit: limit, exact: false, windowLog: fileWindowLogLimit)
    let context = try Decompressor()
    let handle = context.handle
    try zstd("ZSTD_DCtx_setParameter") {
      ZSTD_DCtx_setParameter(handle, ZSTD_d_windowLogMax, Int32(fileWindowLogLimit))
    }
    var content = [UInt8](repeating: 0, count: ZSTD_DStreamOutSize())
    var (place, count, left) = (0, 0, 1)
    while left > 0 {
      guard place < file.size else {
        throw refusal("a truncated frame of \(file.size) bytes", "a whole frame")
      }
      let piece = try file.bytes(at: place, count: min(file.size - place, ZSTD_DStreamInSize()))
      var used = 0
      var isFull = false
      while left > 0, used < piece.count || isFull {
        let (code, taken, made) = step(handle, piece, from: used, into: &content)
        guard ZSTD_isError(code) == 0 else { throw failure(code) }
        (left, used, count) = (code, taken, count + made)
        isFull = made == content.count
        guard count <= declared else {
          throw refusal("content larger than \(declared) bytes", "\(declared) bytes (the size)")
        }
      }
      place += used
    }
    guard place == file.size else {
      throw refusal(
        "\(file.size - place) trailing bytes after the frame's \(place)", "one frame, no more")
    }
    guard count == declared else { throw refusal("a size of \(count) bytes", "\(declared) bytes") }
    guard start[4] & 0x04 != 0 else {
      throw refusal("a frame without checksum", "a frame with one")
    }
    return count
  }

  /// One call: what it returned, how far the piece is read, and how much content it made.
  private static func step(
    _ handle: OpaquePointer, _ piece: [UInt8], from used: Int, into content: inout [UInt8]
  ) -> (code: Int, taken: Int, made: Int) {
    piece.withUnsafeBytes { piece in
      content.withUnsafeMutableBytes { content in
        var input = ZSTD_inBuffer(src: piece.baseAddress, size: piece.count, pos: used)
        var output = ZSTD_outBuffer(dst: content.baseAddress, size: content.count, pos: 0)
        let code = ZSTD_decompressStream(handle, &output, &input)
        return (code, input.pos, output.pos)
      }
    }
  }

  private static func failure(_ code: Int) -> Refusal {
    ZSTD_getErrorCode(code) == ZSTD_error_frameParameter_windowTooLarge
      ? refusal(
        "a window of more than 2^\(fileWindowLogLimit) bytes of memory",
        "at most 2^\(fileWindowLogLimit) (the limit)")
      : refusal("a corrupt frame (\(name(of: code)))", "a whole frame")
  }
}
