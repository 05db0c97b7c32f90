import Foundation
import Inputs
import Testing
import _TestSupport

@testable import Checkpoints

extension PyTorchWriter {
  /// Eight tensors of every type and many shapes; the Python fixture has the same.
  static var sample: PyTorchWriter {
    var writer = PyTorchWriter()
    writer.add("layer.weight", shape: [3, 2], [1, -2, 3, .infinity, 5, 0.1] as [Float])
    writer.add("scalar", shape: [], [2.5] as [Float])
    writer.add("double", shape: [2], [0.1, -1e300] as [Double])
    writer.add("ids", shape: [2, 2], [Int.min, -1, 0, .max])
    writer.add("flags", shape: [3], [true, false, true])
    writer.add("empty", shape: [0, 4], [Float]())
    writer.add("deep", shape: [1, 2, 1, 2], [1, 2, 3, 4] as [Float])
    writer.add("large", shape: [300, 1000], [Float](repeating: 1, count: 300_000))
    return writer
  }
}

private func contents(_ path: String) throws -> [UInt8] {
  try Array(Data(contentsOf: URL(fileURLWithPath: path)))
}

@Test func `what the PyTorch writer writes the reader reads, bit for bit`() throws {
  let folder = try TemporaryFolder()
  let path = folder.path + "/x.bin"
  try PyTorchWriter.sample.write(to: path)
  let file = try PyTorchFile(path)
  #expect(file.tensors.count == 8)
  #expect(try file.floats("layer.weight") == [1, -2, 3, .infinity, 5, 0.1])
  #expect(file.tensors["layer.weight"]?.shape == [3, 2])
  #expect(file.tensors["scalar"]?.shape == [])
  #expect(try file.floats("scalar") == [2.5])
  #expect(file.tensors["double"]?.elementType == .f64)
  #expect(try file.floats("double") == [0.1, -.infinity])
  #expect(try file.integers("ids") == [Int.min, -1, 0, .max])
  #expect(file.tensors["flags"]?.elementType == .bool)
  #expect(try file.integers("flags") == [1, 0, 1])
  #expect(try file.floats("empty") == [])
  #expect(file.tensors["empty"]?.shape == [0, 4])
  #expect(file.tensors["deep"]?.shape == [1, 2, 1, 2])
  #expect(try file.floats("large") == [Float](repeating: 1, count: 300_000))
  #expect(file.tensors.values.allSatisfy { $0.strides == nil && $0.offset % 64 == 0 })

  let again = folder.path + "/y.bin"
  try PyTorchWriter.sample.write(to: again)
  #expect(try contents(path) == contents(again))
}

@Test(arguments: [0, 1, 2, 999, 1000, 1001, 2500])
func `a state dict of any size is written in batches`(count: Int) throws {
  let folder = try TemporaryFolder()
  var writer = PyTorchWriter()
  for i in 0..<count { writer.add("t\(i)", shape: [1], [Float(i)]) }
  try writer.write(to: folder.path + "/x.bin")
  let file = try PyTorchFile(folder.path + "/x.bin")
  #expect(file.tensors.count == count)
  if count > 0 { #expect(try file.floats("t\(count - 1)") == [Float(count - 1)]) }
}

@Test func `a cut archive is refused at every length`() throws {
  let folder = try TemporaryFolder()
  var writer = PyTorchWriter()
  writer.add("w", shape: [2], [1, 2] as [Float])
  try writer.write(to: folder.path + "/x.bin")
  let whole = try contents(folder.path + "/x.bin")
  for length in 0..<whole.count {
    let path = try folder.write("cut.bin", whole[..<length])
    expectRefusal("cut.bin") { try PyTorchFile(path) }
  }
}

@Test func `an archive with changed bytes is read or refused, never a trap`() throws {
  let folder = try TemporaryFolder()
  var writer = PyTorchWriter()
  writer.add("w", shape: [2, 2], [1, 2, 3, 4] as [Float])
  writer.add("v", shape: [1], [7])
  try writer.write(to: folder.path + "/x.bin")
  let whole = try contents(folder.path + "/x.bin")
  let hostile: [UInt8] = [0, 1, 0x28, 0x2E, 0x7F, 0x80, 0xFF]
  var random = SeededRandom(seed: 11)
  var refused = 0
  for round in 0..<3000 {
    var bytes = whole
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      let place = Int.random(in: 0..<bytes.count, using: &random)
      let width = [1, 2, 4, 8][Int.random(in: 0..<4, using: &random)]
      let byte = hostile[Int.random(in: 0..<hostile.count, using: &random)]
      for i in place..<min(bytes.count, place + width) {
        bytes[i] = round.isMultiple(of: 2) ? byte : UInt8(truncatingIfNeeded: random.next())
      }
    }
    do {
      let file = try PyTorchFile(folder.write("y.bin", bytes))
      for tensor in file.tensors.values {
        if tensor.elementType.isFloatingPoint {
          _ = try file.floats(tensor.name)
        } else {
          _ = try file.integers(tensor.name)
        }
      }
    } catch {
      #expect(error is Refusal)
      refused += 1
    }
  }
  #expect(refused > 1000)
}

@Test func `a pickle with changed bytes is recognised or refused, never a trap`() throws {
  let pickle = PickleWriter([("w", .f32, [4, 2]), ("layer.1", .i64, [300])]).bytes
  let folder = try TemporaryFolder()
  var random = SeededRandom(seed: 12)
  var refused = 0
  for _ in 0..<2000 {
    var changed = pickle
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      let place = Int.random(in: 0..<changed.count, using: &random)
      switch Int.random(in: 0..<4, using: &random) {
      case 0: changed.remove(at: place)
      case 1: changed.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
      case 2:
        changed[place] =
          [0x28, 0x29, 0x52, 0x68, 0x74, 0x85, 0x8A, 0xFF].randomElement(using: &random) ?? 0
      default: changed[place] = UInt8(truncatingIfNeeded: random.next())
      }
    }
    // With right checksums, so that the changes reach the recogniser and the views.
    let zip = Zip(
      pickle: changed, storages: ["0": Zip.eightFloats, "1": [UInt8](repeating: 1, count: 2400)])
    do {
      let file = try PyTorchFile(folder.write("z.bin", zip.bytes))
      for tensor in file.tensors.values where tensor.elementType.isFloatingPoint {
        _ = try file.floats(tensor.name)
      }
    } catch {
      #expect(error is Refusal)
      refused += 1
    }
  }
  #expect(refused > 1000)
}
