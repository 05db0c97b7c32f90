import Foundation
import Inputs
import Testing
import _TestSupport

@testable import Checkpoints

@Test func `what the writer writes the reader reads, bit for bit`() throws {
  let folder = try TemporaryFolder()
  let path = folder.path + "/out.safetensors"
  var random = SeededRandom(seed: 3)
  let floats = (0..<60).map { _ in
    Float(bitPattern: UInt32(truncatingIfNeeded: random.next() & 0xFF7F_FFFF))
  }
  let metadata = ["format": "pt", "note": "tab\t, quote \", line\n, back\\slash, \u{1}, é, 🜂"]
  var writer = SafetensorsWriter(metadata: metadata)
  writer.add("layer.0\"\n", shape: [3, 4, 5], floats)
  writer.add("ids", shape: [2, 2], [Int.min, -1, 0, .max])
  writer.add("scalar", shape: [], [Float(1)])
  writer.add("empty", shape: [0, 4], [Float]())
  try writer.write(to: path)

  let file = try SafetensorsFile(path)
  #expect(file.metadata == metadata)
  #expect(Set(file.tensors.keys) == ["layer.0\"\n", "ids", "scalar", "empty"])
  #expect(file.tensors["layer.0\"\n"]?.shape == [3, 4, 5])
  #expect(try file.floats("layer.0\"\n").map(\.bitPattern) == floats.map(\.bitPattern))
  #expect(try file.integers("ids") == [Int.min, -1, 0, .max])
  #expect(file.tensors["ids"]?.shape == [2, 2])
  #expect(try file.floats("scalar") == [1])
  #expect(try file.floats("empty") == [])
  #expect(file.tensors.values.allSatisfy { $0.offset % $0.elementType.blockBytes == 0 })
  #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["out.safetensors"])
}

@Test func `the writer's bytes are those of the reference library`() throws {
  let folder = try TemporaryFolder()
  let path = folder.path + "/out.safetensors"
  var writer = SafetensorsWriter(metadata: ["k": "v"])
  writer.add("b", shape: [1], [Float(1)])
  writer.add("a", shape: [1], [Float(2)])
  writer.add("n", shape: [1], [7])
  try writer.write(to: path)
  let header =
    #"{"__metadata__":{"k":"v"},"n":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},"#
    + #""a":{"dtype":"F32","shape":[1],"data_offsets":[8,12]},"#
    + #""b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}}"#
  let padded = header + String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
  let expected = safetensors(
    padded, data: littleEndian(7) + littleEndian(Float(2)) + littleEndian(Float(1)))
  #expect(try Array(Data(contentsOf: URL(fileURLWithPath: path))) == expected)
}

@Test func `writing replaces a file whole, and a failure leaves it as it was`() throws {
  let folder = try TemporaryFolder()
  let path = try folder.write("out.safetensors", [1, 2, 3])
  var writer = SafetensorsWriter()
  writer.add("w", shape: [1], [Float(1)])
  expectRefusal("absent;no such file", kind: .store) {
    try writer.write(to: folder.path + "/absent/out.safetensors")
  }
  try FileManager.default.createDirectory(
    atPath: folder.path + "/occupied/x", withIntermediateDirectories: true)
  expectRefusal("occupied;a folder", kind: .store) {
    try writer.write(to: folder.path + "/occupied")
  }
  #expect(try Array(Data(contentsOf: URL(fileURLWithPath: path))) == [1, 2, 3])
  try writer.write(to: path)
  #expect(try SafetensorsFile(path).floats("w") == [1])
  #expect(
    Set(try FileManager.default.contentsOfDirectory(atPath: folder.path))
      == ["out.safetensors", "occupied"])
}
