import Foundation
import Inputs
import Testing
import _TestSupport

@testable import Checkpoints

private func smallSafetensors() throws -> [UInt8] {
  let folder = try TemporaryFolder()
  var writer = SafetensorsWriter(metadata: ["format": "pt"])
  writer.add("wte.weight", shape: [4, 2], [Float](repeating: 1, count: 8))
  writer.add("ids", shape: [3], [1, 2, 3])
  let path = folder.path + "/x.safetensors"
  try writer.write(to: path)
  return try Array(Data(contentsOf: URL(fileURLWithPath: path)))
}

private var smallGGUF: [UInt8] {
  var builder = GGUFBuilder.named
  builder.add("general.alignment", type: 4, littleEndian(UInt32(32)))
  builder.add("tokens", type: 9, GGUFBuilder.array(8, count: 1, GGUFBuilder.string("ab")))
  builder.addTensor("a", dimensions: [32, 2], type: 8, [UInt8](repeating: 9, count: 68))
  builder.addTensor("b", dimensions: [8], type: 0, [UInt8](repeating: 9, count: 32))
  return builder.file
}

/// Opens the file and reads all that it holds; an error that is no refusal is a failure.
private func readAll(_ open: () throws -> any TensorContainer) -> Bool {
  do {
    let container = try open()
    for tensor in container.tensors.values {
      if tensor.elementType.isFloatingPoint {
        _ = try container.floats(tensor.name)
      } else {
        _ = try container.integers(tensor.name)
      }
    }
    return true
  } catch {
    if !(error is Refusal) { Issue.record("\(error)") }
    return false
  }
}

@Test func `a file cut at any byte is refused`() throws {
  let folder = try TemporaryFolder()
  let whole = try smallSafetensors()
  for length in 0..<whole.count {
    let path = try folder.write("x.safetensors", whole[..<length])
    let opened = readAll { try SafetensorsFile(path) }
    #expect(!opened, "safetensors cut to \(length) bytes")
  }
  let gguf = smallGGUF
  for length in 0..<gguf.count {
    let path = try folder.write("x.gguf", gguf[..<length])
    let opened = readAll { try GGUFFile(path) }
    #expect(!opened, "GGUF cut to \(length) bytes")
  }
  let opened = [
    readAll { try SafetensorsFile(folder.write("x.safetensors", whole)) },
    readAll { try GGUFFile(folder.write("x.gguf", gguf)) },
  ]
  #expect(opened == [true, true])
}

@Test func `a file with changed bytes is read or refused, never a trap`() throws {
  let folder = try TemporaryFolder()
  let (whole, gguf) = (try smallSafetensors(), smallGGUF)
  let hostile: [UInt8] = [0, 1, 0x22, 0x2D, 0x7F, 0x80, 0xFF]
  var random = SeededRandom(seed: 5)
  var refused = 0
  for _ in 0..<1500 {
    var (a, b) = (whole, gguf)
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      let byte = hostile[Int.random(in: 0..<hostile.count, using: &random)]
      // The first bytes are the header: that is where a change can matter.
      a[Int.random(in: 0..<(a.count - 56), using: &random)] = byte
      let place = Int.random(in: 0..<(b.count - 132), using: &random)
      let width = [1, 4, 8][Int.random(in: 0..<3, using: &random)]
      for i in place..<min(b.count, place + width) { b[i] = byte }
    }
    let pathA = try folder.write("x.safetensors", a)
    let pathB = try folder.write("x.gguf", b)
    if !readAll({ try SafetensorsFile(pathA) }) { refused += 1 }
    if !readAll({ try GGUFFile(pathB) }) { refused += 1 }
  }
  #expect(refused > 1000)
}

@Test func `a file that shrinks after it was opened is refused when it is read`() throws {
  let folder = try TemporaryFolder()
  let path = try folder.write("x.gguf", smallGGUF)
  let file = try GGUFFile(path)
  #expect(truncate(path, off_t(smallGGUF.count - 1)) == 0)
  expectRefusal("x.gguf;cut short") { try file.floats("b") }
}
