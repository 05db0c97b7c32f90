import Checkpoints
import Experiments
import Inputs
import Tokenizers

/// The readers of files that nobody has checked.
enum Reader: String, CaseIterable {
  case safetensors, gguf, json, tokenizer, toml, pytorch, npy, zstd, journal
  case sentencepiece, tiktoken, wordpiece, llama2c

  /// The ending that `causeway inspect` knows files of the kind by.
  private var suffix: String {
    switch self {
    case .toml: "toml"
    case .journal, .zstd: "zst"
    case .sentencepiece: "model"
    case .wordpiece: "txt"
    case .llama2c: "bin"
    default: rawValue
    }
  }

  /// Reads the bytes as a file of its kind, and everything in them.
  func read(_ bytes: [UInt8]) {
    do throws(Refusal) {
      if self == .json {
        _ = try JSON.parse(bytes, file: "fuzz.json", kind: .model)
        return
      }
      let path = MemoryFile.shared.path(of: bytes, suffix: suffix)
      switch self {
      case .safetensors: try readTensors(SafetensorsFile(path))
      case .pytorch: try readTensors(PyTorchFile(path))
      case .npy: try readTensors(NumPyFile(path))
      case .gguf:
        try readGGUF(GGUFFile(path))
        try encode(by: path)
      case .tokenizer, .sentencepiece, .tiktoken, .wordpiece, .llama2c: try encode(by: path)
      case .toml, .zstd, .journal: _ = try PathInspection(path)
      case .json: break
      }
    } catch {
      // What is said of it is one line, whatever the bytes were.
      let text = error.description
      precondition(!text.isEmpty && !text.contains("\n") && text.utf8.count < 8192, text)
    }
  }

  private func encode(by path: String) throws(Refusal) {
    let tokenizer = try ModelTokenizer.open(path, vocabulary: 1024)
    let text = "The cat\u{301}'s  \n 1234 <end>\u{1F600}"
    let encoding = try tokenizer.encodeWithOffsets(text, addingSpecialTokens: true)
    precondition(encoding.utf8Spans.allSatisfy { $0.upperBound <= text.utf8.count })
    _ = tokenizer.decode(encoding.ids)
  }

  private func readTensors(_ file: some TensorContainer) throws(Refusal) {
    for tensor in file.tensors.values.sorted(by: { $0.name < $1.name })
    where tensor.count < 1 << 20 {
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
