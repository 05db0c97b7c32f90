internal import Inputs

/// A shard: the stored bytes of many chunks in one file, then an index of (offset, length) pairs,
/// then the index's CRC-32C. The codec `sharding_indexed`, with the index at the end.
enum ZarrShard {
  /// Offset and length of a chunk that is not there.
  private static let missing = UInt64.max

  /// The file of a shard; `chunks` is in C order of the chunks inside, nil where one is missing.
  static func encode(_ chunks: [[UInt8]?]) -> [UInt8] {
    var file: [UInt8] = []
    var index: [UInt8] = []
    for chunk in chunks {
      index.append(littleEndian: chunk == nil ? missing : UInt64(file.count))
      index.append(littleEndian: chunk.map { UInt64($0.count) } ?? missing)
      if let chunk { file += chunk }
    }
    index.append(littleEndian: CRC32C.of(index))
    return file + index
  }

  /// The stored bytes of each chunk of a shard of `count` chunks.
  ///
  /// The chunks must fill the file up to the index without hole or overlap, as `encode` lays them.
  static func decode(_ file: [UInt8], count: Int) throws(Refusal) -> [[UInt8]?] {
    let indexSize = 16 * count + 4
    guard file.count >= indexSize else {
      throw Refusal(
        .store, field: "shard index", found: "\(file.count) bytes, truncated",
        expected: "at least \(indexSize)")
    }
    let start = file.count - indexSize
    guard
      file.littleEndian(UInt32.self, at: file.count - 4) == CRC32C.of(file[start..<file.count - 4])
    else {
      throw Refusal(
        .store, field: "shard index", found: "another CRC-32C", expected: "the index's checksum")
    }
    var chunks: [[UInt8]?] = []
    var end = 0
    for place in 0..<count {
      let offset = file.littleEndian(UInt64.self, at: start + 16 * place)
      let length = file.littleEndian(UInt64.self, at: start + 16 * place + 8)
      if offset == missing, length == missing {
        chunks.append(nil)
        continue
      }
      guard offset == UInt64(end), length <= UInt64(start - end) else {
        throw Refusal(
          .store, field: "shard index, chunk \(place)", found: "\(length) bytes at \(offset)",
          expected: "at most \(start - end) bytes at \(end)")
      }
      chunks.append(Array(file[end..<end + Int(length)]))
      end += Int(length)
    }
    guard end == start else {
      throw Refusal(
        .store, field: "shard index", found: "\(start - end) bytes that no chunk claims",
        expected: "chunks up to the index")
    }
    return chunks
  }
}
