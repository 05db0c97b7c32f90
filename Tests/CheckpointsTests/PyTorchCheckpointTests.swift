import Foundation
import Inputs
import Testing
import _TestSupport

@testable import Checkpoints

/// Writes a state dict of float32 vectors.
private func write(_ path: String, _ tensors: (String, [Float])...) throws {
  var writer = PyTorchWriter()
  for (name, values) in tensors { writer.add(name, shape: [values.count], values) }
  try writer.write(to: path)
}

private func modelFolder() throws -> TemporaryFolder {
  let folder = try TemporaryFolder()
  try folder.write("config.json", #"{"model_type":"gpt2"}"#.utf8)
  return folder
}

private func contents(_ names: String..., in folder: TemporaryFolder) throws -> [UInt8] {
  try names.flatMap { try Array(Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/\($0)"))) }
}

@Test func `a model folder may hold pytorch_model.bin, which safetensors go before`() throws {
  let folder = try modelFolder()
  try write(folder.path + "/pytorch_model.bin", ("w", [1, 2]))
  let model = try Checkpoint(folder.path)
  #expect(try model.floats("w") == [1, 2])
  #expect(
    try model.digest() == Digest.of(contents("config.json", "pytorch_model.bin", in: folder)))
  let text = try Inspection(folder.path).description
  #expect(text.contains("pytorch_model.bin") && text.contains("F32"))

  var writer = SafetensorsWriter()
  writer.add("w", shape: [1], [Float(3)])
  try writer.write(to: folder.path + "/model.safetensors")
  #expect(try Checkpoint(folder.path).floats("w") == [3])
}

@Test func `a model folder may hold an index of PyTorch files`() throws {
  let folder = try modelFolder()
  try write(folder.path + "/m-1.bin", ("a", [1]))
  try write(folder.path + "/m-2.bin", ("b", [2]))
  let index = "pytorch_model.bin.index.json"
  try folder.write(index, #"{"weight_map":{"b":"m-2.bin","a":"m-1.bin"}}"#.utf8)
  let model = try Checkpoint(folder.path)
  #expect(try model.floats("a") == [1])
  #expect(try model.floats("b") == [2])
  #expect(
    try model.digest()
      == Digest.of(contents("config.json", index, "m-1.bin", "m-2.bin", in: folder)))

  var bytes = try contents("m-2.bin", in: folder)
  let data = try #require(bytes.firstRange(of: littleEndian(Float(2).bitPattern)))
  bytes[data.lowerBound] ^= 1
  try folder.write("m-2.bin", bytes)
  expectRefusal("m-2.bin;archive/data/0;CRC") { try Checkpoint(folder.path).floats("b") }

  try folder.write(index, #"{"weight_map":{"b":"m-2.safetensors"}}"#.utf8)
  expectRefusal("weight_map.b;.bin") { try Checkpoint(folder.path) }
  try write(folder.path + "/pytorch_model.bin", ("w", [1]))
  expectRefusal("both;pytorch_model.bin;index") { try Checkpoint(folder.path) }
}

@Test(arguments: ["x.bin", "x.pt", "X.PTH"])
func `the inspection of a PyTorch file lists its tensors`(name: String) throws {
  let folder = try TemporaryFolder()
  let path = "\(folder.path)/\(name)"
  try write(path, ("bias", [1, 2, 3]), ("a.weight", [4]))
  #expect(
    try Inspection(path).description == """
      \(path): PyTorch state dict
      tensors
        bias      [3]  F32  12 bytes
        a.weight  [1]  F32  4 bytes
      totals
        F32  2 tensors  4 elements  16 bytes
        all  2 tensors  4 elements  16 bytes
      """)
  try folder.write(name, [0x80, 2, 0x7D, 0x2E])
  expectRefusal("\(name);bare pickle;zip archive") { try Inspection(path) }
}
