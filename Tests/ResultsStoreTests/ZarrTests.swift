import Foundation
import Inputs
import Testing
import _TestSupport

@testable import ResultsStore

/// A store with one array named `a`.
func makeArray(_ scratch: Scratch, _ spec: ZarrArraySpec) throws -> (ZarrArray, FileWriter) {
  let files = FileWriter(run: try runID(1), rank: 0)
  let store = try ZarrStore.create(
    at: scratch.file("s.zarr"), ZarrGroup(arrays: ["a": spec]), by: files)
  return (try store.array("a"), files)
}

/// Numbers that compress, but not to nothing.
func floats(_ count: Int) -> [Float] {
  var random = SeededRandom(seed: 5)
  return (0..<count).map { _ in Float(Int.random(in: -8...8, using: &random)) / 4 }
}

private let storages: [(ZarrCompression, shards: [Int]?)] = [
  (.zstd(level: 1), nil), (.blosc(level: 1), nil), (.zstd(level: 3), [4, 6]),
  (.blosc(level: 5), [4, 6]),
]

@Test(arguments: 0..<4)
func `an array comes back, with edges that its chunks do not fill`(storage: Int) throws {
  let (compression, shards) = storages[storage]
  let scratch = try Scratch()
  let spec = try ZarrArraySpec(
    .float32, shape: [5, 7], chunks: [2, 3], shards: shards, dimensions: ["row", "column"],
    compression: compression)
  let (array, files) = try makeArray(scratch, spec)
  let whole = floats(35)
  var read = [Float](repeating: 0, count: 35)
  for index in ChunkGeometry.indices(of: spec.fileGrid) {
    #expect(try array.read(chunk: index, as: Float.self) == nil)
    let box = array.boxInFile(index)
    var part = [Float](repeating: 0, count: box.reduce(1, *))
    let origin = zip(index, spec.fileShape).map { $0 * $1 }
    ChunkGeometry.copy(box, from: whole, [5, 7], at: origin, to: &part, box, at: [0, 0])
    let digest = try array.write(chunk: index, part, by: files)
    #expect(array.path(ofFile: index).hasSuffix("/s.zarr/a/c.\(index[0]).\(index[1])"))
    #expect(try array.digest(ofFile: index) == digest)
    let back = try #require(try array.read(chunk: index, as: Float.self))
    #expect(back == part)
    ChunkGeometry.copy(box, from: back, box, at: [0, 0], to: &read, [5, 7], at: origin)
  }
  #expect(read == whole)
  let corner = try #require(try array.readChunk([2, 2], as: Float.self))
  #expect(corner == [whole[34]])
}

@Test func `every type comes back as it was`() throws {
  func check<Element: ZarrElement & Equatable>(_ values: [Element]) throws {
    let scratch = try Scratch()
    let spec = try ZarrArraySpec(
      Element.zarrType, shape: [values.count], chunks: [4], dimensions: ["x"])
    let (array, files) = try makeArray(scratch, spec)
    try array.write(chunk: [0], Array(values.prefix(4)), by: files)
    #expect(try array.read(chunk: [0], as: Element.self) == Array(values.prefix(4)))
    #expect(try array.read(chunk: [1], as: Element.self) == nil)
  }
  try check([1.5, -0.0, .infinity, .greatestFiniteMagnitude, 1] as [Float])
  try check([1.5, -0.0, .infinity, .leastNonzeroMagnitude, 1] as [Double])
  try check([0, 255, 3, 4, 5] as [UInt8])
  try check([.min, .max, 0, -1, 1] as [Int32])
  try check([.min, .max, 0, -1, 1] as [Int64])
  try check([true, false, true, true, false])
  try check(["", "böß", "日本\n", "x", "y"])
}

@Test func `an array without dimensions is one chunk`() throws {
  let scratch = try Scratch()
  let spec = try ZarrArraySpec(.float64, shape: [], chunks: [], dimensions: [])
  let (array, files) = try makeArray(scratch, spec)
  try array.write(chunk: [], [2.5], by: files)
  #expect(try array.read(chunk: [], as: Double.self) == [2.5])
  #expect(try scratch.tree() == ["s.zarr/a/c", "s.zarr/a/zarr.json", "s.zarr/zarr.json"])
}

@Test func `a chunk missing from a shard is told from one of fill values`() throws {
  let scratch = try Scratch()
  let spec = try ZarrArraySpec(
    .int32, shape: [6], chunks: [2], shards: [6], dimensions: ["x"], fill: -1)
  let (array, files) = try makeArray(scratch, spec)
  #expect(try array.readChunk([0], as: Int32.self) == nil)
  try array.write(
    shard: [0], chunks: [[0]: [7, 8], [2]: [-1, -1]] as [[Int]: [Int32]], by: files)
  #expect(try array.readChunk([0], as: Int32.self) == [7, 8])
  #expect(try array.readChunk([1], as: Int32.self) == nil)
  #expect(try array.readChunk([2], as: Int32.self) == [-1, -1])
  #expect(try array.read(chunk: [0], as: Int32.self) == [7, 8, -1, -1, -1, -1])
}

@Test(arguments: 0..<4)
func `every flipped bit and every cut of a chunk's file is noticed by name`(storage: Int) throws {
  let (compression, shards) = storages[storage]
  let scratch = try Scratch()
  let spec = try ZarrArraySpec(
    .float32, shape: [4, 6], chunks: [2, 3], shards: shards, dimensions: ["row", "column"],
    compression: compression)
  let (array, files) = try makeArray(scratch, spec)
  try array.write(chunk: [0, 0], floats(array.boxInFile([0, 0]).reduce(1, *)), by: files)
  let whole = try scratch.bytes("s.zarr/a/c.0.0")
  func expectRefusal(_ bytes: [UInt8], _ what: String) throws {
    try scratch.put(bytes, "s.zarr/a/c.0.0")
    let error = refusal { () throws(Refusal) in
      _ = try array.read(chunk: [0, 0], as: Float.self)
    }
    #expect(error?.kind == .store && error?.file.hasSuffix("s.zarr/a/c.0.0") == true, "\(what)")
  }
  for place in whole.indices {
    for bit in 0..<8 {
      var bytes = whole
      bytes[place] ^= 1 << bit
      try expectRefusal(bytes, "byte \(place), bit \(bit)")
    }
  }
  for count in 0..<whole.count { try expectRefusal(Array(whole[..<count]), "cut at \(count)") }
  try expectRefusal(whole + [0], "a byte more")
}

@Test func `every flipped bit of an array's metadata is noticed`() throws {
  let scratch = try Scratch()
  let spec = try ZarrArraySpec(
    .int64, shape: [3], chunks: [2], shards: [4], dimensions: ["x"], fill: -5,
    attributes: [.init("units", "nats")])
  _ = try makeArray(scratch, spec)
  for name in ["s.zarr/a/zarr.json", "s.zarr/zarr.json"] {
    let whole = try scratch.bytes(name)
    for place in whole.indices {
      var bytes = whole
      bytes[place] ^= 1 << (place % 8)
      try scratch.put(bytes, name)
      let error = refusal { () throws(Refusal) in
        _ = try ZarrStore.open(scratch.file("s.zarr"))
      }
      #expect(error?.kind == .store, "\(name), byte \(place)")
    }
    try scratch.put(whole, name)
  }
  #expect(try ZarrStore.open(scratch.file("s.zarr")).array("a").spec == spec)
}

@Test func `a store is made once, and one of other arrays is refused`() throws {
  let scratch = try Scratch()
  let files = FileWriter(run: try runID(1), rank: 0)
  let spec = try ZarrArraySpec(.float32, shape: [3], chunks: [2], dimensions: ["x"])
  let tree = ZarrGroup(
    attributes: [.init("title", "t")], arrays: ["x": spec],
    groups: ["trace": ZarrGroup(arrays: ["effect": spec], groups: ["deep": ZarrGroup()])])
  let path = scratch.file("s.zarr")
  #expect(try ZarrStore.create(at: path, tree, by: files).root == tree)
  let before = try scratch.tree().map { try scratch.bytes($0) }
  #expect(try ZarrStore.create(at: path, tree, by: files).root == tree)
  #expect(try scratch.tree().map { try scratch.bytes($0) } == before)
  #expect(try ZarrStore.open(path).array("trace/effect").spec == spec)
  var other = tree
  other.arrays["y"] = spec
  let error = refusal { () throws(Refusal) in
    _ = try ZarrStore.create(at: path, other, by: files)
  }
  #expect(error?.kind == .store && error?.file == path + "/zarr.json")
}

@Test func `names that are no folder's, and shapes that do not fit, are refused`() throws {
  let scratch = try Scratch()
  let files = FileWriter(run: try runID(1), rank: 0)
  let spec = try ZarrArraySpec(.float32, shape: [3], chunks: [2], dimensions: ["x"])
  for name in ["", "..", "a/b", "c", "c.0", "zarr.json", ".tmp", "__x", "a b"] {
    let error = refusal { () throws(Refusal) in
      _ = try ZarrStore.create(
        at: scratch.file("s.zarr"), ZarrGroup(arrays: [name: spec]), by: files)
    }
    #expect(error?.expected.contains("letters") == true, "\(name)")
  }
  typealias Shape = (shape: [Int], chunks: [Int], shards: [Int]?, field: String)
  let bad: [Shape] = [
    ([3], [0], nil, "chunks"), ([-1], [1], nil, "shape"), ([3], [1, 1], nil, "chunks"),
    ([1 << 62, 4], [1, 1], nil, "shape"), ([1 << 40], [1 << 40], nil, "chunks"),
    ([1 << 40], [1 << 33], nil, "chunks"), ([8], [3], [4], "shards"),
    ([1 << 24], [1], [1 << 24], "shards"),
  ]
  for (shape, chunks, shards, field) in bad {
    let error = refusal { () throws(Refusal) in
      _ = try ZarrArraySpec(
        .float32, shape: shape, chunks: chunks, shards: shards,
        dimensions: shape.indices.map { "d\($0)" })
    }
    #expect(error?.field == field, "\(shape) \(chunks)")
  }
  #expect(
    refusal { () throws(Refusal) in
      _ = try ZarrArraySpec(
        .uint8, shape: [1], chunks: [1], dimensions: ["x"], fill: 256)
    }?.field == "fill_value")
}

@Test func `a link in place of a chunk is not followed`() throws {
  let scratch = try Scratch()
  let spec = try ZarrArraySpec(.float32, shape: [4], chunks: [2], dimensions: ["x"])
  let (array, files) = try makeArray(scratch, spec)
  try array.write(chunk: [0], [1, 2] as [Float], by: files)
  try FileManager.default.createSymbolicLink(
    atPath: scratch.file("s.zarr/a/c.1"), withDestinationPath: scratch.file("s.zarr/a/c.0"))
  let error = refusal { () throws(Refusal) in _ = try array.read(chunk: [1], as: Float.self) }
  #expect(error?.found == "a symbolic link")
}

@Test func `a store deleted during a run is not made anew`() throws {
  let scratch = try Scratch()
  let spec = try ZarrArraySpec(.float32, shape: [4], chunks: [2], dimensions: ["x"])
  let (array, files) = try makeArray(scratch, spec)
  try array.write(chunk: [0], [1, 2] as [Float], by: files)
  try FileManager.default.removeItem(atPath: scratch.file("s.zarr"))
  let error = refusal { () throws(Refusal) in
    try array.write(chunk: [1], [1, 2] as [Float], by: files)
  }
  #expect(error?.kind == .store && error?.description.contains("ENOENT") == true)
  #expect(try scratch.tree().isEmpty)
}

@Test func `a blosc buffer of noise is stored plain and comes back`() throws {
  var random = SeededRandom(seed: 2)
  let noise = (0..<4096).map { _ in UInt8.random(in: 0...255, using: &random) }
  let buffer = try Blosc.compress(noise, typeSize: 4, level: 1, by: Zstd.Compressor())
  #expect(buffer.count == noise.count + 24)
  #expect(try Blosc.decompress(buffer, to: 4096, typeSize: 4) == noise)
  #expect(Blosc.shuffle([1, 2, 3, 4, 5, 6], typeSize: 2) == [1, 3, 5, 2, 4, 6])
}

@Test(arguments: [1, 2, 3, 4, 8, 16])
func `shuffling puts byte k of element i at k times the count plus i`(size: Int) {
  for count in [0, 1, 31, 64, 1027, 2500] {
    let bytes = (0..<size * count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    let shuffled = Blosc.shuffle(bytes, typeSize: size)
    var expected = bytes
    for place in bytes.indices { expected[place % size * count + place / size] = bytes[place] }
    #expect(shuffled == expected)
    #expect(Blosc.unshuffle(shuffled, typeSize: size) == bytes)
  }
}

@Test func `a shard index that points outside, or overlaps, is refused`() throws {
  func places(_ pairs: [(UInt64, UInt64)]) throws(Refusal) -> [Range<Int>?] {
    var index: [UInt8] = []
    for (offset, length) in pairs {
      index.append(littleEndian: offset)
      index.append(littleEndian: length)
    }
    index.append(littleEndian: CRC32C.of(index))
    return try ZarrShard.places(index: index, fileSize: 4 + index.count)
  }
  let none = UInt64.max
  #expect(try places([(0, 4), (none, none)]) == [0..<4, nil])
  let bad: [[(UInt64, UInt64)]] = [
    [(0, 5), (none, none)], [(0, 2), (1, 3)], [(0, 2), (3, 1)], [(none, 4), (0, 4)],
    [(0, none), (0, 4)], [(1 << 63, 1 << 63), (0, 4)], [(0, 2), (none, none)],
  ]
  for pairs in bad {
    #expect(refusal { () throws(Refusal) in _ = try places(pairs) } != nil)
  }
}

@Test(arguments: [1, 7, 10, 22])
func `rounding the mantissa is within half a unit, and rounds once`(bits: Int) {
  var random = SeededRandom(seed: 9)
  let values = (0..<2000).map { _ in Float.random(in: -1000...1000, using: &random) }
  let rounded = MantissaRounding.round(values, bits: bits)
  for (a, b) in zip(values, rounded) {
    #expect(abs(a - b) <= abs(a) * Float(sign: .plus, exponent: -(bits + 1), significand: 1))
    #expect(b.bitPattern << UInt32(32 - (23 - bits)) == 0)
  }
  #expect(MantissaRounding.round(rounded, bits: bits) == rounded)
}

@Test func `rounding keeps what is not finite and makes nothing infinite`() {
  let special: [Float] = [.infinity, -.infinity, 0, -0.0, .greatestFiniteMagnitude]
  let rounded = MantissaRounding.round(special, bits: 3)
  #expect(rounded[0] == .infinity && rounded[1] == -.infinity && rounded[3].sign == .minus)
  #expect(rounded[4].isFinite && rounded[4] > 3e38)
  #expect(MantissaRounding.round([.nan], bits: 3)[0].isNaN)
  #expect(MantissaRounding.round([1.25, 1.75, -1.25], bits: 1) == [1, 2, -1])
}
