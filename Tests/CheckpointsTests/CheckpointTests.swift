import Foundation
import Inputs
import Testing
import _TestSupport

@testable import Checkpoints

/// Writes one float32 tensor of two elements.
private func writeWeights(_ path: String, _ name: String = "w", _ values: [Float] = [1, 2]) throws {
  var writer = SafetensorsWriter()
  writer.add(name, shape: [2], values)
  try writer.write(to: path)
}

private func modelFolder() throws -> TemporaryFolder {
  let folder = try TemporaryFolder()
  try folder.write("config.json", #"{"model_type":"gpt2","n_layer":1}"#.utf8)
  try writeWeights(folder.path + "/model.safetensors")
  return folder
}

private func contents(_ paths: String...) throws -> [UInt8] {
  try paths.flatMap { try Array(Data(contentsOf: URL(fileURLWithPath: $0))) }
}

@Test(arguments: ["", "/"])
func `a model folder gives its configuration and tensors`(suffix: String) throws {
  let folder = try modelFolder()
  let model = try Checkpoint(folder.path + suffix)
  guard case .huggingFace(let config) = model.config else {
    Issue.record("not a Hugging Face configuration")
    return
  }
  #expect(try config["model_type"].string() == "gpt2")
  #expect(config.file == folder.path + "/config.json")
  #expect(model.tensors["w"]?.file == folder.path + "/model.safetensors")
  var values: [Float] = [0, 0]
  try values.withUnsafeMutableBufferPointer { try model.read("w", into: $0) }
  #expect(values == [1, 2])
}

@Test func `the digest of a folder is that of its files one after another`() throws {
  let folder = try modelFolder()
  let path = folder.path
  let single = try contents(path + "/config.json", path + "/model.safetensors")
  #expect(try Checkpoint(path).digest() == Digest.of(single))

  try FileManager.default.removeItem(atPath: path + "/model.safetensors")
  try writeWeights(path + "/m-2.safetensors", "a")
  try writeWeights(path + "/m-1.safetensors", "b")
  let index = #"{"weight_map":{"a":"m-2.safetensors","b":"m-1.safetensors"}}"#
  try folder.write(ShardedSafetensors.indexName, index.utf8)
  let sharded = try contents(
    path + "/config.json", path + "/\(ShardedSafetensors.indexName)", path + "/m-1.safetensors",
    path + "/m-2.safetensors")
  #expect(try Checkpoint(path).digest() == Digest.of(sharded))
}

@Test func `the digest of a large GGUF file is the file's own`() throws {
  var builder = GGUFBuilder.named
  builder.addTensor(
    "w", dimensions: [700_000], type: 0, [UInt8](repeating: 7, count: 2_800_000))
  let folder = try TemporaryFolder()
  let path = try folder.write("model.gguf", builder.file)
  #expect(try Checkpoint(path).digest() == Digest.of(builder.file))
}

@Test func `a GGUF file gives its metadata, under any name`() throws {
  let folder = try TemporaryFolder()
  for name in ["model.gguf", "MODEL.GGUF", "model"] {
    let path = try folder.write(name, GGUFBuilder.named.file)
    guard case .gguf(let metadata) = try Checkpoint(path).config else {
      Issue.record("\(name) has no GGUF metadata")
      continue
    }
    #expect(try metadata["general.architecture"].string() == "llama")
  }
}

@Test func `threads read tensors of one checkpoint at once`() async throws {
  let folder = try TemporaryFolder()
  try folder.write("config.json", "{}".utf8)
  var writer = SafetensorsWriter()
  for i in 0..<8 {
    writer.add("t\(i)", shape: [50_000], [Float](repeating: Float(i), count: 50_000))
  }
  try writer.write(to: folder.path + "/model.safetensors")
  let model = try Checkpoint(folder.path)
  try await withThrowingTaskGroup(of: Bool.self) { group in
    for round in 0..<32 {
      group.addTask { try model.floats("t\(round % 8)").allSatisfy { $0 == Float(round % 8) } }
    }
    for try await agrees in group { #expect(agrees) }
  }
}

@Test func `a link to the weights is followed, out of the folder too`() throws {
  let (folder, cache) = (try modelFolder(), try TemporaryFolder())
  let path = folder.path + "/model.safetensors"
  try FileManager.default.moveItem(atPath: path, toPath: cache.path + "/blob")
  try FileManager.default.createSymbolicLink(
    atPath: path, withDestinationPath: cache.path + "/blob")
  #expect(try Checkpoint(folder.path).floats("w") == [1, 2])
  try FileManager.default.removeItem(atPath: cache.path + "/blob")
  expectRefusal("model.safetensors;no such file") { try Checkpoint(folder.path) }
}

@Test func `a folder without a configuration or weights is refused`() throws {
  let folder = try modelFolder()
  try FileManager.default.removeItem(atPath: folder.path + "/model.safetensors")
  expectRefusal("no weights;model.safetensors.index.json") { try Checkpoint(folder.path) }
  try folder.write("pytorch_model.bin", [0x80, 2])
  expectRefusal("pytorch_model.bin;zip archive") { try Checkpoint(folder.path) }
  try FileManager.default.removeItem(atPath: folder.path + "/config.json")
  expectRefusal("config.json;no such file") { try Checkpoint(folder.path) }
}

@Test(arguments: [
  ("", "empty"), ("[1]", "object"), ("{\"a\":1,\"a\":2}", "a;duplicate"), ("{\"a\":NaN}", "a;json"),
  ("{\"a\"", "line 1"),
])
func `a configuration that is no JSON object is refused`(text: String, terms: String) throws {
  let folder = try modelFolder()
  try folder.write("config.json", text.utf8)
  expectRefusal("config.json;" + terms) { try Checkpoint(folder.path) }
}

@Test func `a folder with a single file and an index is refused`() throws {
  let folder = try modelFolder()
  try folder.write(
    ShardedSafetensors.indexName, #"{"weight_map":{"w":"model.safetensors"}}"#.utf8)
  expectRefusal("both;model.safetensors;index") { try Checkpoint(folder.path) }
}

@Test func `folders, pipes and link loops in place of files are refused at once`() throws {
  let folder = try modelFolder()
  let weights = folder.path + "/model.safetensors"
  try FileManager.default.removeItem(atPath: weights)
  try FileManager.default.createSymbolicLink(atPath: weights, withDestinationPath: weights)
  expectRefusal("model.safetensors;symbolic links") { try Checkpoint(folder.path) }
  try FileManager.default.removeItem(atPath: weights)
  #expect(mkfifo(weights, 0o600) == 0)
  expectRefusal("model.safetensors;pipe") { try Checkpoint(folder.path) }
  try FileManager.default.removeItem(atPath: weights)
  try FileManager.default.createDirectory(atPath: weights, withIntermediateDirectories: true)
  expectRefusal("model.safetensors;directory") { try Checkpoint(folder.path) }
}

@Test func `a file that is no model is refused by what it is`() throws {
  let folder = try modelFolder()
  expectRefusal("absent;no such file") { try Checkpoint(folder.path + "/absent") }
  expectRefusal("model.safetensors;not GGUF;model folder") {
    try Checkpoint(folder.path + "/model.safetensors")
  }
  let path = try folder.write("nameless.gguf", GGUFBuilder().file)
  expectRefusal("nameless.gguf;general.architecture") { try Checkpoint(path) }
  var part = GGUFBuilder.named
  part.add("split.count", type: 2, littleEndian(UInt16(3)))
  let partPath = try folder.write("part.gguf", part.file)
  expectRefusal("part.gguf;split.count;3;one GGUF file") { try Checkpoint(partPath) }
}
