import Foundation
import Inputs
import Testing
import _TestSupport

@testable import ResultsStore

/// Runs a fixture and returns what it prints.
private func python(_ script: String, _ arguments: String...) throws -> String {
  let fixtures = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
  let result = try PythonReaders.run([fixtures.appendingPathComponent(script).path] + arguments)
  #expect(result.code == 0 && result.errors == "", "\(result.errors)")
  return result.output
}

/// A store with every kind of array, half of the chunks of those in `trace` missing.
private func makeStore(_ scratch: Scratch) throws -> String {
  let files = FileWriter(run: try runID(1), rank: 0)
  let grid = ["layer", "position"]
  func spec(
    _ type: ZarrDataType, _ shape: [Int], _ chunks: [Int], _ names: [String],
    shards: [Int]? = nil, fill: Int = 0, _ compression: ZarrCompression = .zstd(level: 3)
  ) throws(Refusal) -> ZarrArraySpec {
    try ZarrArraySpec(
      type, shape: shape, chunks: chunks, shards: shards, dimensions: names, fill: fill,
      compression: compression, attributes: [.init("note", ["a", 1, 0.5, ["k": true]])])
  }
  let trace = ZarrGroup(
    attributes: [.init("metric", "logit_difference")],
    arrays: [
      "layer": try spec(.int64, [3], [3], ["layer"]),
      "position": try spec(.int32, [4], [4], ["position"]),
      "layer_name": try spec(.string, [3], [3], ["layer"]),
      "effect": try spec(.float32, [3, 4], [1, 2], grid),
      "exact": try spec(.float64, [3, 4], [2, 4], grid),
      "status": try spec(.uint8, [3, 4], [1, 4], grid, fill: 9),
      "done": try spec(.bool, [3, 4], [3, 2], grid),
      "samples": try spec(
        .float32, [3, 4, 5], [1, 1, 5], grid + ["sample"], shards: [2, 4, 5]),
      "packed": try spec(
        .float32, [3, 40], [1, 20], ["layer", "width"], shards: [1, 40], .blosc(level: 1)),
      "total": try spec(.float64, [], [], []),
    ])
  let root = ZarrGroup(
    attributes: [.init("title", "é")],
    arrays: [
      "activations": try spec(.float32, [3, 500], [2, 500], ["row", "w"], .blosc(level: 1))
    ],
    groups: ["trace": trace])
  let path = scratch.file("s.zarr")
  let store = try ZarrStore.create(at: path, root, by: files)
  try store.array("trace/layer").write(chunk: [0], [0, 5, 11] as [Int64], by: files)
  try store.array("trace/position").write(chunk: [0], [3, 2, 1, 0] as [Int32], by: files)
  try store.array("trace/layer_name").write(chunk: [0], ["", "böc", "l.11"], by: files)
  try store.array("trace/effect").write(chunk: [0, 1], [1.5, -2] as [Float], by: files)
  try store.array("trace/effect").write(chunk: [2, 0], [3, .nan] as [Float], by: files)
  try store.array("trace/exact").write(chunk: [1, 0], [0.1, 1, 2, 3], by: files)
  try store.array("trace/status").write(chunk: [1, 0], [0, 1, 2, 3] as [UInt8], by: files)
  try store.array("trace/done").write(
    chunk: [0, 1], [true, false, false, true, true, true], by: files)
  try store.array("trace/samples").write(
    shard: [0, 0, 0],
    chunks: [[1, 3, 0]: [1, 2, 3, 4, 5], [0, 0, 0]: [9, 9, 9, 9, 9]] as [[Int]: [Float]], by: files)
  try store.array("trace/packed").write(chunk: [1, 0], floats(40), by: files)
  try store.array("trace/total").write(chunk: [], [7.25], by: files)
  try store.array("activations").write(chunk: [0, 0], floats(1000), by: files)
  try store.array("activations").write(chunk: [1, 0], floats(500), by: files)
  return path
}

@Test(.enabled(if: PythonReaders.arePresent, Comment(rawValue: PythonReaders.reason)))
func `zarr-python, xarray and TensorStore open a half-finished store without a warning`()
  throws
{
  let scratch = try Scratch()
  let text = try python("read_store.py", makeStore(scratch))
  let found = JSONField(
    try JSON.parse(Array(text.utf8), file: "python", kind: .store), file: "python", kind: .store)
  func numbers(_ name: String) throws -> [Double?] {
    try found[name].items().map { $0.isNull ? nil : try $0.double() }
  }
  func strings(_ name: String) throws -> [String] {
    try found[name].items().map { try $0.string() }
  }
  let none = [Double?](repeating: nil, count: 60)
  #expect(try numbers("trace/layer") == [0, 5, 11])
  #expect(try numbers("trace/position") == [3, 2, 1, 0])
  #expect(try strings("trace/layer_name") == ["", "böc", "l.11"])
  #expect(
    try numbers("trace/effect")
      == [nil, nil, 1.5, -2, nil, nil, nil, nil, 3, nil, nil, nil])
  #expect(try numbers("trace/exact") == none.prefix(8) + [0.1, 1, 2, 3])
  #expect(try numbers("trace/status") == [9, 9, 9, 9, 0, 1, 2, 3, 9, 9, 9, 9])
  #expect(
    try found["trace/done"].items().map { try $0.bool() }
      == [false, false, true, false, false, false, false, true, false, false, true, true])
  #expect(
    try numbers("trace/samples")
      == [9, 9, 9, 9, 9] + none.prefix(30) + [1, 2, 3, 4, 5] + none.prefix(20))
  #expect(
    try numbers("trace/packed") == none.prefix(40) + floats(40).map { Double($0) }
      + none.prefix(40))
  #expect(try numbers("trace/total") == [7.25])
  #expect(
    try numbers("activations") == floats(1000).map { Double($0) }
      + floats(500).map { Double($0) })
  #expect(try strings("trace/effect:dims") == ["layer", "position"])
  #expect(try strings("trace/layer_name:dims") == ["layer"])
}

@Test(.enabled(if: PythonReaders.arePresent, Comment(rawValue: PythonReaders.reason)))
func `frames of numcodecs are read, and rounding agrees with its own`() throws {
  let scratch = try Scratch()
  _ = try python("write_frames.py", scratch.path)
  let expected = (0..<600).map { Float($0) / 8 }
  let plain = try Zstd.decompress(try scratch.bytes("zstd"), to: .exactly(2400))
  #expect(try Float.decode(plain, count: 600) == expected)
  let sines = try Float.decode(try scratch.bytes("sines"), count: 600)
  let rounded = try Float.decode(try scratch.bytes("rounded"), count: 600)
  #expect(MantissaRounding.round(sines, bits: 7) == rounded)
}

@Test(.enabled(if: PythonReaders.arePresent, Comment(rawValue: PythonReaders.reason)))
func `a million rows in sixteen shards open without a warning, a slice in less than a second`()
  throws
{
  let scratch = try Scratch()
  let spec = try ZarrArraySpec(
    .float32, shape: [1_000_000, 64], chunks: [4096, 64], shards: [65536, 64],
    dimensions: ["row", "column"], compression: .blosc(level: 1))
  let (array, files) = try makeArray(scratch, spec)
  var block = (0..<4096 * 64).map { Float($0 % 997) }
  for shard in 0..<16 {
    let writer = try ZarrShardWriter<Float>(array, shard: [shard, 0], by: files)
    while let next = writer.next {
      let rows = min(4096, 1_000_000 - next[0] * 4096)
      for row in 0..<rows { block[row * 64] = Float(next[0] * 4096 + row) }
      try writer.append(rows: Array(block.prefix(rows * 64)))
    }
    _ = try writer.finish()
  }
  #expect(try scratch.tree().count == 16 + 2)
  let first = 700_000
  let rows = try #require(try array.read(rows: first..<first + 9000, as: Float.self))
  #expect((0..<9000).allSatisfy { rows[$0 * 64] == Float(first + $0) })
  let text = try python("read_large.py", scratch.file("s.zarr"), "\(first)")
  let found = JSONField(
    try JSON.parse(Array(text.utf8), file: "python", kind: .store), file: "python", kind: .store)
  for reader in ["open_tensorstore", "open_zarr", "open_xarray"] {
    #expect(try found[reader].double() < 1, "\(reader)")
  }
}
