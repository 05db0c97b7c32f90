import Foundation
import Inputs
import Testing
import _TestSupport

@testable import Checkpoints

/// A file of `scripts/fixtures/quantised.py`.
private func fixture(_ name: String) throws -> String {
  let folder = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
  return folder.appendingPathComponent(name).path
}

private let types: [(name: String, number: UInt32)] = ElementType.inGGUF
  .filter { $0.value.isFloatingPoint && $0.value != .f64 }
  .map { ($0.value.name, $0.key) }.sorted { $0.1 < $1.1 }

@Test(arguments: types.map(\.name))
func `blocks of every type have the bits that the gguf package gives them`(type: String) throws {
  let file = try GGUFFile(fixture("quantised.gguf"))
  let expected = try SafetensorsFile(fixture("quantised.safetensors")).floats(type)
  #expect(try file.tensor(type).elementType.name == type)
  #expect(try file.tensor(type).shape == [2, 1024])
  let values = try file.floats(type)
  #expect(values.map(\.bitPattern) == expected.map(\.bitPattern))
}

@Test func `the fixture has every type that GGUF files may use for weights`() throws {
  #expect(try Set(GGUFFile(fixture("quantised.gguf")).tensors.keys) == Set(types.map(\.name)))
}

@Test func `an inspection shows the type and the bytes of every quantised tensor`() throws {
  let file = try GGUFFile(fixture("quantised.gguf"))
  let lines = try Inspection(file.path).lines
  for tensor in file.tensors.values {
    let type = tensor.elementType
    #expect(lines.filter { $0.contains(" \(type.name) ") }.count == 2, "\(type.name)")
    #expect(tensor.byteCount == 2048 / type.blockSize * type.blockBytes)
  }
}

@Test(arguments: types.indices)
func `blocks are expanded alike past one piece of reading`(index: Int) throws {
  let (name, number) = types[index]
  let source = try GGUFFile(fixture("quantised.gguf"))
  let tensor = try source.tensor(name)
  let data = try source.bytes.bytes(at: tensor.offset, count: tensor.byteCount)
  let times = 400_000 / tensor.byteCount
  var builder = GGUFBuilder.named
  builder.addTensor(
    "w", dimensions: [2048, UInt64(times)], type: number, (0..<times).flatMap { _ in data })
  let folder = try TemporaryFolder()
  let values = try GGUFFile(folder.write("x.gguf", builder.file)).floats("w").map(\.bitPattern)
  let once = try source.floats(name).map(\.bitPattern)
  #expect(
    (0..<times).allSatisfy { values[($0 * 2048)..<(($0 + 1) * 2048)].elementsEqual(once) })
}

@Test(arguments: types.indices)
func `rows that end within a block are refused by the type's name`(index: Int) throws {
  let (name, number) = types[index]
  let type = try #require(ElementType.inGGUF[number])
  guard type.blockSize > 1 else { return }
  // Two rows and a half each: the elements of both fill whole blocks.
  let row = type.blockSize * 5 / 2
  var builder = GGUFBuilder.named
  builder.addTensor(
    "w", dimensions: [UInt64(row), 2], type: number,
    [UInt8](repeating: 0, count: 5 * type.blockBytes))
  let folder = try TemporaryFolder()
  let path = try folder.write("x.gguf", builder.file)
  expectRefusal("x.gguf;w;rows of \(row);multiple of \(type.blockSize) for \(name)") {
    try GGUFFile(path)
  }
}

@Test func `types that cannot be read are refused by name, with those that can`() throws {
  for (number, name) in ElementType.unsupportedInGGUF {
    #expect(ElementType.inGGUF[number] == nil)
    var builder = GGUFBuilder.named
    builder.addTensor("w", dimensions: [256], type: number, [UInt8](repeating: 0, count: 32))
    let folder = try TemporaryFolder()
    let path = try folder.write("x.gguf", builder.file)
    expectRefusal("x.gguf;w;type \(number) (\(name));F32, F16, Q4_0;Q6_K, IQ4_NL;MXFP4") {
      try GGUFFile(path)
    }
  }
}
