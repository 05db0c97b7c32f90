internal import Inputs

/// A shard: the stored bytes of many chunks in one file, then an index of (offset, length) pairs,
/// then the index's CRC-32C. The codec `sharding_indexed`, with the index at the end.
enum ZarrShard {
  /// Offset and length of a chunk that is not there.
  private static let missing = UInt64.max

  /// Bytes of the index of so many chunks, with its checksum.
  static func indexSize(_ count: Int) -> Int { 16 * count + 4 }

  /// The file of a shard; `chunks` is in C order of the chunks inside, nil where one is missing.
  static func encode(_ chunks: [[UInt8]?]) -> [UInt8] {
    chunks.reduce(into: []) { if let chunk = $1 { $0 += chunk } } + index(chunks.map { $0?.count })
  }

  /// The index of chunks of those lengths, one behind the other; nil where one is missing.
  static func index(_ lengths: [Int?]) -> [UInt8] {
    var index: [UInt8] = []
    var end = 0
    for length in lengths {
      index.append(littleEndian: length == nil ? missing : UInt64(end))
      index.append(littleEndian: length.map { UInt64($0) } ?? missing)
      end += length ?? 0
    }
    index.append(littleEndian: CRC32C.of(index))
    return index
  }

  /// Where each chunk lies in a shard of `fileSize` bytes that ends in `index`.
  ///
  /// The chunks must fill the file up to the index without hole or overlap, as `encode` lays them.
  static func places(index: [UInt8], fileSize: Int) throws(Refusal) -> [Range<Int>?] {
    let start = fileSize - index.count
    guard index.littleEndian(UInt32.self, at: index.count - 4) == CRC32C.of(index.dropLast(4))
    else {
      throw Refusal(
        .store, field: "shard index", found: "another CRC-32C", expected: "the index's checksum")
    }
    var places: [Range<Int>?] = []
    var end = 0
    for place in 0..<index.count / 16 {
      let offset = index.littleEndian(UInt64.self, at: 16 * place)
      let length = index.littleEndian(UInt64.self, at: 16 * place + 8)
      if offset == missing, length == missing {
        places.append(nil)
        continue
      }
      guard offset == UInt64(end), length <= UInt64(start - end) else {
        throw Refusal(
          .store, field: "shard index, chunk \(place)", found: "\(length) bytes at \(offset)",
          expected: "at most \(start - end) bytes at \(end)")
      }
      places.append(end..<end + Int(length))
      end += Int(length)
    }
    guard end == start else {
      throw Refusal(
        .store, field: "shard index", found: "\(start - end) bytes that no chunk claims",
        expected: "chunks up to the index")
    }
    return places
  }
}
