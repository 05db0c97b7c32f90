internal import Inputs

/// A file of an array opened for reading: one chunk, or a shard of which only the index is held.
struct ZarrChunkFile: Sendable {
  let path: String
  private let file: BoundedFile
  /// Where each chunk lies, in C order of the chunks inside; nil where one is missing.
  private let places: [Range<Int>?]
  /// Bytes of a stored chunk at most: compression may add a little to what does not compress.
  private let limit: Int

  /// - Returns: Nil where nothing has the name.
  /// - Throws: `store`, with the file, where something else has it, or the shard's index is damaged.
  init?(_ path: String, of spec: ZarrArraySpec) throws(Refusal) {
    guard try Self.isThere(path) else { return nil }
    self.path = path
    let file = try BoundedFile(path, kind: .store)
    self.file = file
    let content = spec.dataType.size.map { $0 * spec.chunkCount } ?? Zstd.contentLimit
    limit = content + content / 128 + 1024
    guard spec.shards != nil else {
      places = [0..<file.size]
      return
    }
    let indexSize = ZarrShard.indexSize(spec.chunksPerFile.reduce(1, *))
    guard file.size >= indexSize else {
      throw Refusal(
        .store, file: path, field: "shard index", found: "\(file.size) bytes, truncated",
        expected: "at least \(indexSize)")
    }
    let index = try Self.bytes(file.size - indexSize..<file.size, of: file)
    do throws(Refusal) {
      places = try ZarrShard.places(index: index, fileSize: file.size)
    } catch { throw error.inFile(path) }
  }

  /// Whether a file has the name; anything else that has it is refused, a link too.
  static func isThere(_ path: String) throws(Refusal) -> Bool {
    switch try FileKind.of(path) {
    case .missing: return false
    case .regular: return true
    case let kind: throw Refusal(.store, file: path, found: kind.name, expected: "a chunk's file")
    }
  }

  /// The stored bytes of a chunk, by its place among those of the file; nil where it is missing.
  func stored(_ place: Int) throws(Refusal) -> [UInt8]? {
    guard let range = places[place] else { return nil }
    guard range.count <= limit else {
      throw Refusal(
        .store, file: path, field: "chunk", found: "\(range.count) bytes",
        expected: "at most \(limit) bytes (the limit)")
    }
    return try Self.bytes(range, of: file)
  }

  private static func bytes(_ range: Range<Int>, of file: BoundedFile) throws(Refusal) -> [UInt8] {
    do throws(Refusal) { return try file.bytes(at: range.lowerBound, count: range.count) } catch {
      // A device may fail a read once and not again; a second failure is final.
      return try file.bytes(at: range.lowerBound, count: range.count)
    }
  }
}
