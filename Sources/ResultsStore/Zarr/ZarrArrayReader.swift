package import Inputs

extension ZarrArray {
  /// The elements of the file at an index of the file grid that lie inside the array, in C order.
  ///
  /// - Returns: Nil where the file is missing. In a shard, a missing chunk's elements are the fill
  ///   value; `readChunk` tells.
  /// - Throws: `store`, with the file, where it is damaged.
  package func read<Element: ZarrElement>(
    chunk index: [Int], as _: Element.Type
  ) throws(Refusal) -> [Element]? {
    let file = path(ofFile: index)
    guard let bytes = try storedBytes(file) else { return nil }
    guard spec.shards != nil else { return try decode(bytes, chunk: index, file: file) }
    let box = boxInFile(index)
    let origin = zip(index, spec.fileShape).map { $0 * $1 }
    var values = [Element](repeating: .fill(spec.fill), count: box.reduce(1, *))
    let places = chunkIndices(inFile: index)
    let parts = try shard(bytes, count: places.count, file: file)
    for (place, part) in zip(places, parts) {
      guard let part else { continue }
      let chunk: [Element] = try decode(part, chunk: place, file: file)
      let start = zip(place, spec.chunks).map { $0 * $1 }
      let size = ChunkGeometry.clipped(spec.chunks, at: start, in: spec.shape)
      ChunkGeometry.copy(
        size, from: chunk, size, at: size.map { _ in 0 }, to: &values, box,
        at: zip(start, origin).map { $0 - $1 })
    }
    return values
  }

  /// The elements of the chunk at an index of the chunk grid that lie inside the array.
  ///
  /// - Returns: Nil where the chunk, or the shard that would hold it, is missing.
  package func readChunk<Element: ZarrElement>(
    _ index: [Int], as _: Element.Type
  ) throws(Refusal) -> [Element]? {
    precondition(
      index.count == spec.shape.count
        && zip(index, spec.chunkGrid).allSatisfy { (0..<$1).contains($0) },
      "\(index) outside of the grid \(spec.chunkGrid) of \(path)")
    guard spec.shards != nil else { return try read(chunk: index, as: Element.self) }
    let perFile = zip(spec.fileShape, spec.chunks).map { $0 / $1 }
    let fileIndex = zip(index, perFile).map { $0 / $1 }
    let file = path(ofFile: fileIndex)
    guard let bytes = try storedBytes(file) else { return nil }
    let parts = try shard(bytes, count: perFile.reduce(1, *), file: file)
    let place = zip(index, perFile).reduce(0) { $0 * $1.1 + $1.0 % $1.1 }
    return try parts[place].map { (part) throws(Refusal) in
      try decode(part, chunk: index, file: file)
    }
  }

  /// SHA-256 of the file at an index of the file grid, as `write` returned it; nil where missing.
  package func digest(ofFile index: [Int]) throws(Refusal) -> String? {
    try storedBytes(path(ofFile: index)).map { Digest.of($0) }
  }

  private func storedBytes(_ path: String) throws(Refusal) -> [UInt8]? {
    switch try FileKind.of(path) {
    case .missing: return nil
    case .regular: break
    case let kind: throw Refusal(.store, file: path, found: kind.name, expected: "a chunk's file")
    }
    let file = try BoundedFile(path, kind: .store)
    // Compression may add a little to what does not compress, and each chunk of a shard has a head.
    let parts = zip(spec.fileShape, spec.chunks).reduce(1) { $0 * ($1.0 / $1.1) }
    let content = spec.dataType.size.map { $0 * spec.fileShape.reduce(1, *) } ?? Zstd.contentLimit
    let limit = content + content / 128 + parts * 1024
    do throws(Refusal) { return try file.readAll(limit: limit) } catch {
      // A device may fail a read once and not again; a second failure is final.
      return try file.readAll(limit: limit)
    }
  }

  private func shard(_ bytes: [UInt8], count: Int, file: String) throws(Refusal) -> [[UInt8]?] {
    do throws(Refusal) { return try ZarrShard.decode(bytes, count: count) } catch {
      throw error.inFile(file)
    }
  }

  private func decode<Element: ZarrElement>(
    _ stored: [UInt8], chunk index: [Int], file: String
  ) throws(Refusal) -> [Element] {
    precondition(
      Element.zarrType == spec.dataType, "\(Element.self) values of \(spec.dataType) in \(path)")
    do throws(Refusal) {
      let whole = try elements(stored, as: Element.self)
      let origin = zip(index, spec.chunks).map { $0 * $1 }
      let box = ChunkGeometry.clipped(spec.chunks, at: origin, in: spec.shape)
      guard box != spec.chunks else { return whole }
      var values = [Element](repeating: .fill(spec.fill), count: box.reduce(1, *))
      let zero = box.map { _ in 0 }
      ChunkGeometry.copy(box, from: whole, spec.chunks, at: zero, to: &values, box, at: zero)
      return values
    } catch { throw error.inFile(file) }
  }

  private func elements<Element: ZarrElement>(
    _ stored: [UInt8], as _: Element.Type
  ) throws(Refusal) -> [Element] {
    guard stored.count > 4 else {
      throw Refusal(
        .store, field: "chunk", found: "\(stored.count) bytes, truncated", expected: "a chunk")
    }
    let end = stored.count - 4
    guard stored.littleEndian(UInt32.self, at: end) == CRC32C.of(stored[..<end]) else {
      throw Refusal(
        .store, field: "chunk", found: "another CRC-32C (damaged)", expected: "its checksum")
    }
    let body = Array(stored[..<end])
    let count = spec.chunkCount
    let plain: [UInt8]
    switch (spec.compression, spec.dataType.size) {
    case (.blosc, let size?):
      plain = try Blosc.decompress(body, to: count * size, typeSize: size)
    case (.zstd, let size?): plain = try Zstd.decompress(body, to: .exactly(count * size))
    case (_, nil): plain = try Zstd.decompress(body, to: .atMost(Zstd.contentLimit))
    }
    return try Element.decode(plain, count: count)
  }
}
