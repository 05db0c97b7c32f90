import Inputs
import Testing
import _TestSupport

@testable import Checkpoints

private func folder(_ names: [String]) throws -> TemporaryFolder {
  let folder = try TemporaryFolder()
  try folder.write("config.json", "{}".utf8)
  var writer = SafetensorsWriter()
  for (number, name) in names.enumerated() { writer.add(name, shape: [1], [Float(number)]) }
  try writer.write(to: folder.path + "/model.safetensors")
  return folder
}

@Test(arguments: ["_orig_mod.", "module.", "module._orig_mod.", "_orig_mod.module."])
func `a wrapper's name before all tensors is left out, with a note`(prefix: String) throws {
  let folder = try folder(["a", "module.b", "\u{301}c"].map { prefix + $0 })
  let model = try Checkpoint(folder.path)
  #expect(Set(model.tensors.keys) == ["a", "module.b", "\u{301}c"])
  for (number, name) in ["a", "module.b", "\u{301}c"].enumerated() {
    #expect(try model.tensor(name).name == name)
    #expect(try model.floats(name) == [Float(number)])
  }
  #expect(model.notes.count == 1 && model.notes[0].contains(prefix))
  #expect(Inspection(model).lines.last == "note: " + model.notes[0])
}

@Test func `names of which one has no wrapper's name stay as they are`() throws {
  for names in [["module.a", "b"], ["module.", "module.a"], ["modules.a"], ["_orig_mod"], []] {
    let folder = try folder(names)
    let model = try Checkpoint(folder.path)
    #expect(Set(model.tensors.keys) == Set(names))
    #expect(model.notes == [])
  }
}

@Test func `tensors under a wrapper's name are read from shards, and checked in PyTorch's files`()
  throws
{
  let folder = try TemporaryFolder()
  try folder.write("config.json", "{}".utf8)
  for number in 1...2 {
    var writer = PyTorchWriter()
    writer.add("module.w\(number)", shape: [1], [Float(number)])
    try writer.write(to: folder.path + "/m-\(number).bin")
  }
  try folder.write(
    "pytorch_model.bin.index.json",
    #"{"weight_map":{"module.w1":"m-1.bin","module.w2":"m-2.bin"}}"#.utf8)
  let model = try Checkpoint(folder.path)
  #expect(try model.floats("w1") + model.floats("w2") == [1, 2])

  // A byte of the second shard's data changes, and its checksum does not.
  let tensor = try model.tensor("w2")
  var bytes = try BoundedFile(tensor.file, kind: .model).readAll(limit: 1 << 20)
  bytes[tensor.offset] ^= 1
  try folder.write("m-2.bin", bytes)
  let damaged = try Checkpoint(folder.path)
  #expect(try damaged.floats("w1") == [1])
  expectRefusal("m-2.bin;checksum|CRC") { try damaged.floats("w2") }
}
