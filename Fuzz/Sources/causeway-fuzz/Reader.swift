import Checkpoints
import Experiments
import Foundation
import Inputs
import ResultsStore
import Tokenizers

/// The readers of files that nobody has checked.
enum Reader: String, CaseIterable {
  case safetensors, gguf, json, tokenizer, toml, pytorch, npy, zstd, journal

  /// Reads the bytes as a file of its kind, and everything in them.
  func read(_ bytes: [UInt8]) {
    do throws(Refusal) {
      switch self {
      case .safetensors: try readTensors(SafetensorsFile(MemoryFile.shared.path(of: bytes)))
      case .pytorch: try readTensors(PyTorchFile(MemoryFile.shared.path(of: bytes)))
      case .npy: try readTensors(NumPyFile(MemoryFile.shared.path(of: bytes)))
      case .gguf: try readGGUF(GGUFFile(MemoryFile.shared.path(of: bytes)))
      case .json: _ = try JSON.parse(bytes, file: "fuzz.json", kind: .model)
      case .toml: _ = try TraceSpec(JobDocument(bytes, file: "fuzz.toml"))
      case .tokenizer:
        let tokenizer = try ByteLevelBPE(
          tokenizerFile: MemoryFile.shared.path(of: bytes), vocabularySize: 1024)
        _ = try tokenizer.encode("The cat\u{301}'s  \n 1234 <end>\u{1F600}")
      case .zstd:
        let file = try BoundedFile(MemoryFile.shared.path(of: bytes), kind: .store)
        let streamed = Result { () throws(Refusal) in try Zstd.check(file, limit: 1 << 22) }
        let whole = Result { () throws(Refusal) in
          try Zstd.decompress(bytes, to: .atMost(1 << 22)).count
        }
        // Two ways to read a frame agree on what they accept.
        if let count = try? whole.get() { precondition(count == (try? streamed.get())) }
      case .journal:
        let file = try BoundedFile(MemoryFile.shared.path(of: bytes), kind: .store)
        let header = try? JournalHeader.of(file)
        _ = try JournalScan(
          file.path, job: header?.job ?? String(repeating: "0", count: 64))
      }
    } catch {
      // What is said of it is one line, whatever the bytes were.
      let text = error.description
      precondition(!text.isEmpty && !text.contains("\n") && text.utf8.count < 8192, text)
    }
  }

  private func readTensors(_ file: some TensorContainer) throws(Refusal) {
    for tensor in file.tensors.values.sorted(by: { $0.name < $1.name }) where tensor.count < 1 << 20
    {
      if tensor.elementType.isFloatingPoint {
        _ = try file.floats(tensor.name)
      } else {
        _ = try file.integers(tensor.name)
      }
    }
  }

  private func readGGUF(_ file: GGUFFile) throws(Refusal) {
    try readTensors(file)
    for (key, _) in file.metadata.entries {
      let field = try file.metadata[key]
      _ = try? field.strings()
      _ = try? field.integers()
      _ = try? field.doubles()
      _ = try? field.bools()
    }
  }
}
