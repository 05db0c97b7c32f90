package import Inputs

extension ZarrArray {
  /// The elements of the file at an index of the file grid that lie inside the array, in C order.
  ///
  /// - Returns: Nil where the file is missing. In a shard, a missing chunk's elements are the fill
  ///   value; `readChunk` tells.
  /// - Throws: `store`, with the file, where it is damaged, or a shard too large to hold: that is
  ///   read by chunks or by rows.
  package func read<Element: ZarrElement>(
    chunk index: [Int], as _: Element.Type
  ) throws(Refusal) -> [Element]? {
    guard let file = try ZarrChunkFile(path(ofFile: index), of: spec) else { return nil }
    let box = boxInFile(index)
    let origin = zip(index, spec.fileShape).map { $0 * $1 }
    guard let count = product(box), count <= Zstd.contentLimit / MemoryLayout<Element>.stride else {
      throw Refusal(
        .store, file: file.path, found: "a shard of \(box)",
        expected: "at most \(Zstd.contentLimit) bytes to hold at once (the limit)")
    }
    var values = [Element](repeating: .fill(spec.fill), count: count)
    _ = try fill(&values, box, at: origin, from: file, index)
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
    let perFile = spec.chunksPerFile
    let fileIndex = zip(index, perFile).map { $0 / $1 }
    guard let file = try ZarrChunkFile(path(ofFile: fileIndex), of: spec) else { return nil }
    let place = zip(index, perFile).reduce(0) { $0 * $1.1 + $1.0 % $1.1 }
    return try file.stored(place).map { (part) throws(Refusal) in
      try decode(part, chunk: index, file: file.path)
    }
  }

  /// The elements of a range of rows, the first axis, with all of the other axes, in C order.
  ///
  /// Only the chunks that hold them are read, each of them once.
  ///
  /// - Returns: Nil where any of them is missing.
  package func read<Element: ZarrElement>(
    rows: Range<Int>, as _: Element.Type
  ) throws(Refusal) -> [Element]? {
    precondition(
      !spec.shape.isEmpty && rows.lowerBound >= 0 && rows.upperBound <= spec.shape[0],
      "rows \(rows) of \(spec.shape) of \(path)")
    let box = [rows.count] + spec.shape.dropFirst()
    let origin = [rows.lowerBound] + box.dropFirst().map { _ in 0 }
    var values = [Element](repeating: .fill(spec.fill), count: box.reduce(1, *))
    guard !values.isEmpty else { return values }
    let files = rows.lowerBound / spec.fileShape[0]...(rows.upperBound - 1) / spec.fileShape[0]
    for row in files {
      for rest in ChunkGeometry.indices(of: Array(spec.fileGrid.dropFirst())) {
        let index = [row] + rest
        guard let file = try ZarrChunkFile(path(ofFile: index), of: spec),
          try fill(&values, box, at: origin, from: file, index)
        else { return nil }
      }
    }
    return values
  }

  /// SHA-256 of the file at an index of the file grid, as `write` returned it; nil where missing.
  package func digest(ofFile index: [Int]) throws(Refusal) -> String? {
    let path = path(ofFile: index)
    guard try ZarrChunkFile.isThere(path) else { return nil }
    var digest = Digest()
    try BoundedFile(path, kind: .store).update(&digest)
    return digest.hexadecimal()
  }

  /// Copies what a file holds of a box of the array into the box's elements.
  ///
  /// - Returns: Whether all of it was there.
  private func fill<Element: ZarrElement>(
    _ values: inout [Element], _ box: [Int], at origin: [Int], from file: ZarrChunkFile,
    _ index: [Int]
  ) throws(Refusal) -> Bool {
    var isWhole = true
    for (place, chunk) in chunkIndices(inFile: index).enumerated() {
      let start = zip(chunk, spec.chunks).map { $0 * $1 }
      let size = ChunkGeometry.clipped(spec.chunks, at: start, in: spec.shape)
      let low = zip(start, origin).map { max($0, $1) }
      let part = box.indices.map { min(start[$0] + size[$0], origin[$0] + box[$0]) - low[$0] }
      guard part.allSatisfy({ $0 > 0 }) else { continue }
      guard let stored = try file.stored(place) else {
        isWhole = false
        continue
      }
      let elements: [Element] = try decode(stored, chunk: chunk, file: file.path)
      ChunkGeometry.copy(
        part, from: elements, size, at: zip(low, start).map { $0 - $1 }, to: &values, box,
        at: zip(low, origin).map { $0 - $1 })
    }
    return isWhole
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
