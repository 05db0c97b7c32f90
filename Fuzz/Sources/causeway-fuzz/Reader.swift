import Checkpoints
import Experiments
import Inputs
import Interventions
import Models
import Tokenizers

/// The readers of files that nobody has checked.
enum Reader: String, CaseIterable {
  case safetensors, gguf, json, tokenizer, toml, pytorch, npy, zstd, journal
  case sentencepiece, tiktoken, wordpiece, llama2c
  case config, index, refs, vocabulary, merges, tokenizerConfig, logits

  /// The file's name, by which it is known for what it is; some are found in a folder of others.
  private var name: String {
    switch self {
    case .toml: "input.toml"
    case .journal, .zstd: "input.zst"
    case .sentencepiece: "input.model"
    case .wordpiece: "input.txt"
    case .llama2c: "input.bin"
    case .index: "\(Surroundings.index)/model.safetensors.index.json"
    case .refs: "\(Surroundings.repository)/refs/main"
    case .vocabulary: "\(Surroundings.vocabulary)/vocab.json"
    case .merges: "\(Surroundings.merges)/merges.txt"
    case .tokenizerConfig: "\(Surroundings.tokenizer)/tokenizer_config.json"
    case .logits: "input.safetensors"
    default: "input.\(rawValue)"
    }
  }

  /// Reads the bytes as a file of its kind, and everything in them.
  func read(_ bytes: [UInt8]) {
    do throws(Refusal) {
      if self == .json || self == .config {
        let json = try JSON.parse(bytes, file: "fuzz.json", kind: .model)
        if self == .config {
          _ = try NewModel(JSONField(json, file: "fuzz.json", kind: .model)).parameterCount
        }
        return
      }
      let surroundings = try Surroundings.made.get()
      let path = MemoryFile.shared.path(of: bytes, name: name)
      switch self {
      case .safetensors: try readTensors(SafetensorsFile(path))
      case .pytorch: try readTensors(PyTorchFile(path))
      case .npy: try readTensors(NumPyFile(path))
      case .gguf:
        try readGGUF(GGUFFile(path))
        try encode(by: path)
      case .tokenizer, .sentencepiece, .tiktoken, .wordpiece, .llama2c: try encode(by: path)
      case .toml, .zstd, .journal: _ = try PathInspection(path)
      case .index, .refs:
        let folder = self == .index ? Surroundings.index : Surroundings.repository
        try readTensors(Checkpoint("\(MemoryFile.shared.folder)/\(folder)"))
      case .vocabulary: try encode(by: "\(MemoryFile.shared.folder)/\(Surroundings.vocabulary)")
      case .merges: try encode(by: "\(MemoryFile.shared.folder)/\(Surroundings.merges)")
      case .tokenizerConfig:
        try encode(by: "\(MemoryFile.shared.folder)/\(Surroundings.tokenizer)")
      case .logits: _ = try LogitsCheck(surroundings.model, path)()
      case .json, .config: break
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
