internal import Foundation
package import Inputs

/// Writes one shard of an array chunk by chunk, in the order of the chunks: for files that are too
/// large to hold. The memory is that of one chunk and of the index.
///
/// What is written goes to a temporary name, as a `FileWriter` makes them; `finish` adds the index,
/// syncs and renames. A writer that is let go before leaves nothing. The bytes are those that
/// `ZarrArray.write` would store of the same elements. For one task at a time.
package final class ZarrShardWriter<Element: ZarrElement> {
  private let array: ZarrArray
  private let path: String
  private let files: FileWriter
  private let temporary: String
  /// -1 when the file is closed.
  private var descriptor: Int32
  private let context: Zstd.Compressor
  /// The chunks of the shard, in the array's chunk grid.
  private let chunks: [[Int]]
  /// The stored bytes of each chunk that is done; nil where one is left out.
  private var lengths: [Int?] = []
  private var size = 0
  private var digest = Digest()
  /// Elements of rows that do not fill a chunk yet.
  private var pending: [Element] = []

  /// Begins the shard at an index of the array's file grid.
  package init(_ array: ZarrArray, shard index: [Int], by files: FileWriter) throws(Refusal) {
    precondition(array.spec.shards != nil, "\(array.path) has no shards")
    precondition(
      Element.zarrType == array.spec.dataType,
      "\(Element.self) values for \(array.spec.dataType) of \(array.path)")
    self.array = array
    self.files = files
    path = array.path(ofFile: index)
    chunks = array.chunkIndices(inFile: index)
    context = try Zstd.Compressor()
    (temporary, descriptor) = try files.openTemporary(in: parent(of: path), for: path)
    skipOutside()
  }

  deinit {
    if descriptor >= 0 {
      close(descriptor)
      unlink(temporary)
    }
  }

  /// The index, in the array's chunk grid, of the chunk that comes next; nil where all are done.
  /// Chunks past the array's edge do not count.
  package var next: [Int]? { lengths.count < chunks.count ? chunks[lengths.count] : nil }

  /// Adds the next chunk: its elements that lie inside the array, in C order.
  package func append(chunk values: [Element]) throws(Refusal) {
    guard let index = next else { preconditionFailure("a chunk more than \(path) has") }
    precondition(pending.isEmpty, "a chunk of \(path) while rows of one are pending")
    let stored = try array.encode(chunk: index, values, by: context)
    try put(stored)
    lengths.append(stored.count)
    skipOutside()
  }

  /// Leaves the next chunk out: it is read as missing.
  package func skip() {
    precondition(next != nil && pending.isEmpty, "no chunk of \(path) to leave out")
    lengths.append(nil)
    skipOutside()
  }

  /// Adds rows, any number of them, of an array whose chunks are whole rows: `[rows, ...]` in C
  /// order. They are stored as chunks fill.
  package func append(rows values: [Element]) throws(Refusal) {
    let (shape, chunk) = (array.spec.shape, array.spec.chunks)
    precondition(
      zip(chunk, shape).dropFirst().allSatisfy { $0 >= $1 }, "chunks of \(path) are no whole rows")
    let width = shape.dropFirst().reduce(1, *)
    precondition(values.count % max(1, width) == 0, "\(values.count) values of rows of \(width)")
    var values = values[...]
    while !values.isEmpty {
      guard let index = next else { preconditionFailure("a row more than \(path) has") }
      let count = min(chunk[0], shape[0] - index[0] * chunk[0]) * width
      if pending.isEmpty, values.count >= count {
        let whole = Array(values.prefix(count))
        values = values.dropFirst(count)
        try append(chunk: whole)
        continue
      }
      let part = values.prefix(count - pending.count)
      pending += part
      values = values.dropFirst(part.count)
      if pending.count == count {
        let whole = pending
        pending = []
        try append(chunk: whole)
      }
    }
  }

  /// Writes the index, syncs the file and gives it its name; on return it is durable.
  ///
  /// Every chunk inside the array was appended or left out.
  package func finish() throws(Refusal) -> StoredFile {
    precondition(descriptor >= 0 && next == nil, "\(path) is not at its end: \(lengths.count)")
    try put(ZarrShard.index(lengths))
    let file = descriptor
    descriptor = -1
    do {
      try files.seal(file, size: size, path: path)
    } catch {
      unlink(temporary)
      throw error
    }
    try files.place(temporary, as: path)
    var whole = Digest()
    swap(&whole, &digest)
    return StoredFile(size: size, digest: whole.hexadecimal())
  }

  private func put(_ bytes: [UInt8]) throws(Refusal) {
    precondition(descriptor >= 0, "\(path) is finished")
    try writeAll(bytes, to: descriptor, path: path)
    bytes.withUnsafeBytes { digest.update($0) }
    size += bytes.count
  }

  private func skipOutside() {
    while let index = next,
      zip(zip(index, array.spec.chunks), array.spec.shape).contains(where: { $0.0 * $0.1 >= $1 })
    { lengths.append(nil) }
  }
}

/// What a journal says of a file of an array: its bytes, and their SHA-256 in hexadecimal digits.
package struct StoredFile: Sendable, Equatable {
  package let size: Int
  package let digest: String

  package init(size: Int, digest: String) { (self.size, self.digest) = (size, digest) }
}
