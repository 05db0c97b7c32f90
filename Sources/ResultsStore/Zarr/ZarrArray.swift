package import Inputs

/// An array of a store on disk, written and read a chunk at a time.
///
/// A chunk that is not there reads as the fill value to other readers; here it is nil, so what is
/// missing is never mistaken for what was computed.
package struct ZarrArray: Sendable {
  /// The array's folder, which holds `zarr.json`.
  package let path: String
  package let spec: ZarrArraySpec

  /// Writes the file at an index of the file grid: a chunk, or a whole shard.
  ///
  /// - Parameters:
  ///   - values: The elements that lie inside the array, in C order; at the array's far edges the
  ///     file holds fewer than its shape says.
  /// - Returns: The SHA-256 of the file's bytes, for a journal.
  @discardableResult
  package func write<Element: ZarrElement>(
    chunk index: [Int], _ values: [Element], by files: FileWriter
  ) throws(Refusal) -> String {
    try write(try bytes(chunk: index, values), index, by: files)
  }

  /// The bytes of a shard of which some chunks are missing.
  ///
  /// - Parameter chunks: By index in the array's chunk grid; those not named stay missing.
  package func bytes<Element: ZarrElement>(
    shard index: [Int], chunks: [[Int]: [Element]]
  ) throws(Refusal) -> [UInt8] {
    precondition(spec.shards != nil, "\(path) has no shards")
    let places = chunkIndices(inFile: index)
    precondition(
      Set(chunks.keys).isSubset(of: places), "a chunk outside of shard \(index)")
    let context = try Zstd.Compressor()
    var parts: [[UInt8]?] = []
    for place in places {
      if let values = chunks[place] {
        parts.append(try encode(chunk: place, values, by: context))
      } else {
        parts.append(nil)
      }
    }
    return ZarrShard.encode(parts)
  }

  /// Writes a shard of which some chunks are missing.
  @discardableResult
  package func write<Element: ZarrElement>(
    shard index: [Int], chunks: [[Int]: [Element]], by files: FileWriter
  ) throws(Refusal) -> String {
    try write(try bytes(shard: index, chunks: chunks), index, by: files)
  }

  /// Writes the bytes of a whole file of the array.
  package func write(
    _ bytes: [UInt8], file index: [Int], by files: FileWriter
  ) throws(Refusal) { _ = try write(bytes, index, by: files) }

  /// The bytes that `write` would store, so that a check can compare them with the file's.
  package func bytes<Element: ZarrElement>(
    chunk index: [Int], _ values: [Element]
  ) throws(Refusal) -> [UInt8] {
    let box = boxInFile(index)
    precondition(
      values.count == box.reduce(1, *), "\(values.count) values for \(box) at \(index) of \(path)")
    let context = try Zstd.Compressor()
    guard spec.shards != nil else { return try encode(chunk: index, values, by: context) }
    let origin = zip(index, spec.fileShape).map { $0 * $1 }
    var parts: [[UInt8]?] = []
    for place in chunkIndices(inFile: index) {
      let start = zip(place, spec.chunks).map { $0 * $1 }
      let size = ChunkGeometry.clipped(spec.chunks, at: start, in: spec.shape)
      guard !size.contains(0) else {
        parts.append(nil)
        continue
      }
      var part = [Element](repeating: .fill(spec.fill), count: size.reduce(1, *))
      ChunkGeometry.copy(
        size, from: values, box, at: zip(start, origin).map { $0 - $1 }, to: &part, size,
        at: size.map { _ in 0 })
      parts.append(try encode(chunk: place, part, by: context))
    }
    return ZarrShard.encode(parts)
  }

  /// The path of the file at an index of the file grid: `c.0.1`, or `c` where it has no dimension.
  package func path(ofFile index: [Int]) -> String {
    precondition(
      index.count == spec.shape.count
        && zip(index, spec.fileGrid).allSatisfy { (0..<$1).contains($0) },
      "\(index) outside of the grid \(spec.fileGrid) of \(path)")
    return "\(path)/\(spec.key(ofFile: index))"
  }

  /// The shape of what a file holds of the array.
  package func boxInFile(_ index: [Int]) -> [Int] {
    let origin = zip(index, spec.fileShape).map { $0 * $1 }
    return ChunkGeometry.clipped(spec.fileShape, at: origin, in: spec.shape)
  }

  private func write(
    _ bytes: [UInt8], _ index: [Int], by files: FileWriter
  ) throws(Refusal) -> String {
    let file = path(ofFile: index)
    try files.write(bytes, to: file)
    return Digest.of(bytes)
  }

  /// The indices, in the array's chunk grid, of the chunks in a file, in C order.
  func chunkIndices(inFile index: [Int]) -> [[Int]] {
    let perFile = spec.chunksPerFile
    return ChunkGeometry.indices(of: perFile).map { place in
      place.indices.map { index[$0] * perFile[$0] + place[$0] }
    }
  }

  /// The stored bytes of one chunk: padded to its shape, encoded, compressed, checksummed.
  func encode<Element: ZarrElement>(
    chunk index: [Int], _ values: [Element], by context: borrowing Zstd.Compressor
  ) throws(Refusal) -> [UInt8] {
    precondition(
      Element.zarrType == spec.dataType, "\(Element.self) values for \(spec.dataType) of \(path)")
    let origin = zip(index, spec.chunks).map { $0 * $1 }
    let box = ChunkGeometry.clipped(spec.chunks, at: origin, in: spec.shape)
    precondition(
      values.count == box.reduce(1, *), "\(values.count) values for \(box) at \(index) of \(path)")
    var whole = values
    if box != spec.chunks {
      whole = [Element](repeating: .fill(spec.fill), count: spec.chunkCount)
      let zero = box.map { _ in 0 }
      ChunkGeometry.copy(box, from: values, box, at: zero, to: &whole, spec.chunks, at: zero)
    }
    let plain = Element.encode(whole)
    var stored =
      switch spec.compression {
      case .zstd(let level): try Zstd.compress(plain, level: level, by: context)
      case .blosc(let level):
        try Blosc.compress(
          plain, typeSize: MemoryLayout<Element>.stride, level: level, by: context)
      }
    stored.append(littleEndian: CRC32C.of(stored))
    return stored
  }
}
