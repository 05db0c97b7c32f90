import Foundation
import Inputs
import Testing
import _TestSupport

@testable import Checkpoints

/// Tensors that were saved in a list, or one by itself.
struct PyTorchListTests {
  private func open(
    _ pickle: Pickle, holding form: PyTorchFile.Contents = .anyTensors
  ) throws -> PyTorchFile {
    let folder = try TemporaryFolder()
    let zip = Zip(pickle: pickle.bytes, storages: ["0": Zip.eightFloats])
    return try PyTorchFile(folder.write("x.bin", zip.bytes), kind: .job, holding: form)
  }

  private func list(_ count: Int) -> Pickle {
    (0..<count).reduce(Pickle().raw("](")) { pickle, number in
      pickle.tensor(shape: [2], strides: [1], offset: number)
    }.raw("e.")
  }

  @Test
  func `a list's tensors have their numbers as names`() throws {
    let file = try open(list(3))
    #expect(file.tensors.keys.sorted() == ["0", "1", "2"])
    #expect(try file.floats("2") == [2, 3])
    let one = Pickle().raw("]").tensor(shape: [2], strides: [1], offset: 5).raw("a.")
    #expect(try open(one).floats("0") == [5, 6])
  }

  @Test
  func `a tensor by itself has a name of its own, and a state dict keeps its names`() throws {
    let one = Pickle().tensor(shape: [2, 4], strides: [4, 1]).raw(".")
    #expect(try open(one).tensors[PyTorchFile.onlyName]?.shape == [2, 4])
    let dictionary = Pickle().raw("}").string("w").tensor(shape: [1], strides: [1]).raw("s.")
    #expect(try open(dictionary).tensors.keys.sorted() == ["w"])
  }

  @Test
  func `weights are no list`() {
    #expect {
      _ = try open(list(2), holding: .stateDictionary)
    } throws: {
      "\($0)".contains("EMPTY_LIST")
    }
  }

  @Test
  func `lists of anything else, and hostile ones, are refused`() {
    let tensor = Pickle().tensor(shape: [1], strides: [1])
    let many = [UInt8](repeating: 0x5D, count: 1 << 21)
    for (pickle, words) in [
      (Pickle().raw("]").integer(3).raw("a."), "the number 3"),
      (Pickle().raw("]]a."), "a list"), (Pickle().raw("}(Ne."), "APPENDS on no list"),
      (Pickle().raw("a."), "fewer than"), (Pickle().raw("](."), "STOP"),
      (tensor.raw("]a."), "APPEND on no list"), (Pickle().integer(3).raw("."), "a list of them"),
      (Pickle().raw("](").raw(many), "on the stack"),
      (Pickle().raw("]").global("os", "system").raw("a."), "os.system"),
    ] {
      #expect {
        _ = try open(pickle)
      } throws: {
        "\($0)".contains(words)
      }
    }
  }
}
