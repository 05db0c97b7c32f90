internal import CKernels
internal import Inputs

/// A Blosc 1 buffer of one block: bytes shuffled by significance, then one zstd frame.
///
///     0  version 2, codec version 1, flags, type size      (1 byte each)
///     4  bytes of the content, of the block, of the buffer (4 each)
///     16 where the block begins: 20                        (4)
///     20 bytes of the stream, then the stream              (4, n)
///
/// Little-endian. Shuffling puts the first bytes of all elements first, then the second: exponents
/// of floats are alike and compress, mantissas are noise. A stream as long as its content is stored
/// plain. <https://github.com/Blosc/c-blosc/blob/main/README_CHUNK_FORMAT.rst>.
enum Blosc {
  private static let headerSize = 16
  private static let overhead = headerSize + 8
  /// Shuffled by bytes (1), block not split (16), zstd (4 << 5).
  private static let flags: UInt8 = 0x01 | 0x10 | 4 << 5

  static func compress(
    _ bytes: [UInt8], typeSize: Int, level: Int, by context: borrowing Zstd.Compressor
  ) throws(Refusal) -> [UInt8] {
    precondition(
      !bytes.isEmpty && (1...255).contains(typeSize) && bytes.count % typeSize == 0,
      "blosc: \(bytes.count) bytes of elements of \(typeSize)")
    let shuffled = shuffle(bytes, typeSize: typeSize)
    var stream = try Zstd.compress(shuffled, level: level, by: context)
    if stream.count >= bytes.count { stream = shuffled }
    var buffer: [UInt8] = [2, 1, flags, UInt8(typeSize)]
    for value in [bytes.count, bytes.count, overhead + stream.count, headerSize + 4, stream.count] {
      buffer.append(littleEndian: UInt32(value))
    }
    return buffer + stream
  }

  /// The content of a buffer as `compress` makes it, of exactly `size` bytes.
  static func decompress(
    _ buffer: [UInt8], to size: Int, typeSize: Int
  ) throws(Refusal) -> [UInt8] {
    func check(_ name: String, _ found: Int, _ expected: Int) throws(Refusal) {
      guard found == expected else {
        throw Refusal(
          .store, field: "blosc \(name)", found: "\(found)", expected: "\(expected)")
      }
    }
    guard buffer.count > overhead else {
      throw Refusal(
        .store, field: "blosc", found: "\(buffer.count) bytes, truncated",
        expected: "more than \(overhead)")
    }
    try check("version", Int(buffer[0]), 2)
    try check("codec version", Int(buffer[1]), 1)
    try check("flags", Int(buffer[2]), Int(flags))
    try check("type size", Int(buffer[3]), typeSize)
    let names = ["content size", "block size", "buffer size", "block start", "stream size"]
    let expected = [size, size, buffer.count, headerSize + 4, buffer.count - overhead]
    for (place, name) in names.enumerated() {
      try check(name, Int(buffer.littleEndian(UInt32.self, at: 4 + 4 * place)), expected[place])
    }
    let stream = buffer[overhead...]
    let shuffled =
      stream.count == size ? Array(stream) : try Zstd.decompress(stream, to: .exactly(size))
    return unshuffle(shuffled, typeSize: typeSize)
  }

  static func shuffle(_ bytes: [UInt8], typeSize: Int) -> [UInt8] {
    moved(bytes) { bytes_shuffle($0, $1, bytes.count / typeSize, typeSize) }
  }

  static func unshuffle(_ bytes: [UInt8], typeSize: Int) -> [UInt8] {
    moved(bytes) { bytes_unshuffle($0, $1, bytes.count / typeSize, typeSize) }
  }

  private static func moved(
    _ bytes: [UInt8], _ move: (UnsafeMutablePointer<UInt8>, UnsafePointer<UInt8>) -> Void
  ) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: bytes.count) { target, count in
      bytes.withUnsafeBufferPointer { source in
        if let to = target.baseAddress, let from = source.baseAddress { move(to, from) }
      }
      count = bytes.count
    }
  }
}
