import Foundation
import Inputs
import Testing
import _TestSupport

@testable import ResultsStore

/// Eleven rows in two shards, the second of which ends inside a chunk and has one past the edge.
private func rowsSpec(_ compression: ZarrCompression) throws(Refusal) -> ZarrArraySpec {
  try ZarrArraySpec(
    .float32, shape: [11, 3], chunks: [2, 3], shards: [8, 3], dimensions: ["row", "column"],
    compression: compression)
}

@Test(arguments: [ZarrCompression.zstd(level: 1), .blosc(level: 1)], [1, 2, 3, 5, 8])
func `a shard written by rows has the bytes of one written at once`(
  compression: ZarrCompression, step: Int
) throws {
  let scratch = try Scratch()
  let (array, files) = try makeArray(scratch, try rowsSpec(compression))
  let values = floats(33)
  for (index, rows) in [([0, 0], 0..<8), ([1, 0], 8..<11)] {
    let part = Array(values[rows.lowerBound * 3..<rows.upperBound * 3])
    let writer = try ZarrShardWriter<Float>(array, shard: index, by: files)
    #expect(writer.next == [index[0] * 4, 0])
    for start in stride(from: 0, to: rows.count, by: step) {
      try writer.append(rows: Array(part[start * 3..<min(start + step, rows.count) * 3]))
    }
    #expect(writer.next == nil)
    let name = "s.zarr/a/c.\(index[0]).0"
    #expect(try !scratch.tree().contains(name))
    let stored = try writer.finish()
    let bytes = try scratch.bytes(name)
    #expect(stored == StoredFile(size: bytes.count, digest: Digest.of(bytes)))
    #expect(try array.digest(ofFile: index) == stored.digest)
    #expect(bytes == (try array.bytes(chunk: index, part)))
  }
  #expect(try scratch.tree().allSatisfy { !$0.contains(".tmp") })
  for start in 0...11 {
    for end in start...11 {
      #expect(
        try array.read(rows: start..<end, as: Float.self) == Array(values[start * 3..<end * 3]))
    }
  }
}

@Test func `chunks of a shard are appended in order, and one left out is read as missing`() throws {
  let scratch = try Scratch()
  let spec = try ZarrArraySpec(
    .int32, shape: [4, 4], chunks: [2, 2], shards: [4, 4], dimensions: ["x", "y"], fill: -1)
  let (array, files) = try makeArray(scratch, spec)
  let writer = try ZarrShardWriter<Int32>(array, shard: [0, 0], by: files)
  try writer.append(chunk: [0, 1, 4, 5])
  #expect(writer.next == [0, 1])
  writer.skip()
  try writer.append(chunk: [8, 9, 12, 13])
  try writer.append(chunk: [10, 11, 14, 15])
  _ = try writer.finish()
  #expect(try array.readChunk([0, 1], as: Int32.self) == nil)
  #expect(try array.readChunk([1, 1], as: Int32.self) == [10, 11, 14, 15])
  #expect(try array.read(rows: 2..<4, as: Int32.self) == Array(8...15))
  #expect(try array.read(rows: 0..<1, as: Int32.self) == nil)
  #expect(
    try array.read(chunk: [0, 0], as: Int32.self) == [0, 1, -1, -1, 4, 5, -1, -1] + Array(8...15))
}

@Test func `rows are read over files in two dimensions, chunked or not`() throws {
  for shards in [nil, [4, 4]] {
    let scratch = try Scratch()
    let spec = try ZarrArraySpec(
      .int64, shape: [7, 5], chunks: [2, 2], shards: shards, dimensions: ["x", "y"])
    let (array, files) = try makeArray(scratch, spec)
    for index in ChunkGeometry.indices(of: spec.fileGrid) {
      let box = array.boxInFile(index)
      let values = ChunkGeometry.indices(of: box).map { place in
        Int64(
          (index[0] * spec.fileShape[0] + place[0]) * 5 + index[1] * spec.fileShape[1] + place[1])
      }
      try array.write(chunk: index, values, by: files)
    }
    for start in 0..<7 {
      for end in start...7 {
        #expect(
          try array.read(rows: start..<end, as: Int64.self)
            == (start * 5..<end * 5).map { Int64($0) })
      }
    }
  }
}

@Test func `a writer that is let go leaves nothing, and what a kill leaves has a temporary's name`()
  throws
{
  let scratch = try Scratch()
  let (array, files) = try makeArray(scratch, try rowsSpec(.blosc(level: 1)))
  do {
    let writer = try ZarrShardWriter<Float>(array, shard: [0, 0], by: files)
    try writer.append(rows: floats(15))
    let left = try scratch.tree().filter { $0.hasPrefix("s.zarr/a/.tmp-") }
    #expect(left.count == 1)
    let name = try #require(left.first?.split(separator: "/").last)
    #expect(TemporaryName(String(name))?.run == files.run)
  }
  #expect(try scratch.tree() == ["s.zarr/a/zarr.json", "s.zarr/zarr.json"])
}

@Test func `a chunk is read from a shard of which other chunks are damaged`() throws {
  let scratch = try Scratch()
  let (array, files) = try makeArray(scratch, try rowsSpec(.zstd(level: 1)))
  let values = floats(33)
  let writer = try ZarrShardWriter<Float>(array, shard: [0, 0], by: files)
  try writer.append(rows: Array(values[..<24]))
  _ = try writer.finish()
  var bytes = try scratch.bytes("s.zarr/a/c.0.0")
  bytes[0] ^= 1
  try scratch.put(bytes, "s.zarr/a/c.0.0")
  #expect(try array.read(rows: 2..<8, as: Float.self) == Array(values[6..<24]))
  let error = refusal { () throws(Refusal) in _ = try array.read(rows: 1..<3, as: Float.self) }
  #expect(error?.kind == .store && error?.file.hasSuffix("s.zarr/a/c.0.0") == true)
}

@Test func `a shard may be larger than what is held at once, and is then not read whole`() throws {
  let scratch = try Scratch()
  let spec = try ZarrArraySpec(
    .float32, shape: [1 << 20, 1024], chunks: [1024, 1024], shards: [1 << 20, 1024],
    dimensions: ["row", "column"], compression: .blosc(level: 1))
  let (array, files) = try makeArray(scratch, spec)
  let writer = try ZarrShardWriter<Float>(array, shard: [0, 0], by: files)
  while let next = writer.next {
    guard next == [700, 0] else {
      writer.skip()
      continue
    }
    try writer.append(rows: floats(1 << 20))
  }
  _ = try writer.finish()
  #expect(try array.read(rows: 716_800..<716_801, as: Float.self) == Array(floats(1024)))
  #expect(try array.read(rows: 716_799..<716_801, as: Float.self) == nil)
  let error = refusal { () throws(Refusal) in _ = try array.read(chunk: [0, 0], as: Float.self) }
  #expect(error?.expected.contains("limit") == true)
}
