import Foundation
import Inputs
import Testing

@testable import Checkpoints

/// A Python with PyTorch, named by an environment variable.
private let peer = ProcessInfo.processInfo.environment["CAUSEWAY_PEER_PYTHON"]
private let reason: Comment = "CAUSEWAY_PEER_PYTHON names no Python with PyTorch"

/// Runs the fixture and returns what it prints, as JSON if it is any.
private func python(_ arguments: String...) throws -> [UInt8] {
  let fixtures = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
  let process = Process()
  process.executableURL = URL(fileURLWithPath: try #require(peer))
  process.arguments = [fixtures.appendingPathComponent("pytorch_peer.py").path] + arguments
  let output = Pipe()
  process.standardOutput = output
  try process.run()
  let text = try output.fileHandleForReading.readToEnd() ?? Data()
  process.waitUntilExit()
  #expect(process.terminationStatus == 0)
  return Array(text)
}

private func json(_ text: [UInt8]) throws -> JSONField {
  JSONField(try JSON.parse(text, file: "python", kind: .model), file: "python", kind: .model)
}

/// Expects a file to hold what Python says, in types, shapes and every value.
private func expect(_ file: PyTorchFile, toHold state: JSONField) throws {
  let names = [
    "float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16", "int64": "I64",
    "int32": "I32", "int16": "I16", "int8": "I8", "uint8": "U8", "bool": "BOOL",
  ]
  let members = try state.members()
  #expect(members.count == file.tensors.count)
  for (name, expected) in members {
    let tensor = try file.tensor(name)
    #expect(try tensor.elementType.name == names[expected["type"].string()], "\(name)")
    #expect(try tensor.shape == expected["shape"].items().map { try $0.int() }, "\(name)")
    let values = try expected["values"].items().map { try $0.string() }
    if tensor.elementType.isFloatingPoint {
      #expect(try file.floats(name) == values.map { Float(Double($0) ?? .nan) }, "\(name)")
    } else {
      #expect(try file.integers(name) == values.map { Int($0) }, "\(name)")
    }
  }
}

@Test(.enabled(if: peer != nil, reason))
func `files that PyTorch saves are read, in every protocol`() throws {
  let folder = try TemporaryFolder()
  let states = try json(try python("save", folder.path)).members()
  #expect(states.count == 4)
  for (name, state) in states {
    for suffix in ["", "-4", "-5"] {
      try expect(PyTorchFile("\(folder.path)/\(name)\(suffix).bin"), toHold: state)
    }
  }
}

@Test(.enabled(if: peer != nil, reason), arguments: [0, 1, 8, 1001])
func `PyTorch loads what the writer writes, with weights_only`(count: Int) throws {
  let folder = try TemporaryFolder()
  let path = folder.path + "/x.bin"
  var writer = count == 8 ? PyTorchWriter.sample : PyTorchWriter()
  if count != 8 {
    for i in 0..<count { writer.add("t\(i)", shape: [1], [Float(i)]) }
  }
  try writer.write(to: path)
  let state = try json(try python("load", path))
  #expect(try state.members().count == count)
  try expect(PyTorchFile(path), toHold: state)
}

@Test(.enabled(if: peer != nil, reason))
func `the writer's bytes are PyTorch's but for the serialization id and its checksum`() throws {
  let folder = try TemporaryFolder()
  try PyTorchWriter.sample.write(to: folder.path + "/ours.bin")
  _ = try python("sample", folder.path + "/theirs.bin")

  /// The file with the 40 digits and the places of their checksum made zero.
  func masked(_ name: String) throws -> [UInt8] {
    var bytes = try Array(Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/\(name).bin")))
    let places = bytes.ranges(of: Array("archive/.data/serialization_id".utf8))
    try #require(places.count == 2)
    let data = (places[0].upperBound + 63) / 64 * 64
    #expect(bytes[data..<(data + 40)].allSatisfy { (0x30...0x39).contains($0) })
    for i in data..<(data + 48) { bytes[i] = 0 }
    for i in (places[1].lowerBound - 30)..<(places[1].lowerBound - 26) { bytes[i] = 0 }
    return bytes
  }
  let (ours, theirs) = (try masked("ours"), try masked("theirs"))
  #expect(ours.count == theirs.count)
  let firstDifference = zip(ours, theirs).enumerated().first { $0.element.0 != $0.element.1 }
  #expect(firstDifference == nil)
}
