import Foundation
import Inputs
import Models

/// The files that stand beside the one that is made up, where a reader goes by a folder.
struct Surroundings {
  /// Below the folder of `MemoryFile`.
  static let index = "index"
  static let repository = "models--owner--name"
  static let vocabulary = "vocabulary"
  static let merges = "merges"
  static let tokenizer = "tokenizer"

  /// A small recurrent model, run on what the file holds.
  let model: OpenedModel

  static let made: Result<Surroundings, Refusal> = {
    do throws(Refusal) { return .success(try Surroundings()) } catch { return .failure(error) }
  }()

  private init() throws(Refusal) {
    let root = MemoryFile.shared.folder
    let config = """
      {"model_type": "gru", "architectures": ["GRULMHeadModel"], "include_emb": true, "vocab_size": 9,
       "max_position_embeddings": 16, "n_layer": 1, "h_dim": 4, "n_labels": 2, "include_bias": true,
       "pdrop": 0, "tie_word_embeddings": false}
      """
    let field = JSONField(
      try JSON.parse(Array(config.utf8), file: "config.json", kind: .model), file: "config.json",
      kind: .model)
    let new = try NewModel(field)
    try new.save(new.initialWeights(seed: 1), to: root + "/gru")
    model = try OpenedModel(root + "/gru")

    let tokens = #"{"a": 0, "b": 1, "c": 2, "t": 3, "Ġ": 4, "ab": 5, "Ġa": 6, "<end>": 7}"#
    let files = [
      ("\(Self.vocabulary)/merges.txt", "#version: 0.2\na b\nĠ a\n"),
      ("\(Self.merges)/vocab.json", tokens), ("\(Self.tokenizer)/vocab.json", tokens),
      ("\(Self.tokenizer)/merges.txt", "a b\nĠ a\n"),
    ]
    let commit = "\(Self.repository)/snapshots/0123456789abcdef"
    let manager = FileManager.default
    do {
      for folder in [Self.index, commit, "\(Self.repository)/refs"]
        + [Self.vocabulary, Self.merges, Self.tokenizer]
      {
        try manager.createDirectory(
          atPath: "\(root)/\(folder)", withIntermediateDirectories: true)
      }
      for (name, text) in files {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(root)/\(name)"))
      }
      for (from, to) in [
        ("config.json", "\(Self.index)/config.json"),
        ("model.safetensors", "\(Self.index)/part.safetensors"),
        ("config.json", "\(commit)/config.json"),
        ("model.safetensors", "\(commit)/model.safetensors"),
      ] {
        try Data(contentsOf: URL(fileURLWithPath: "\(root)/gru/\(from)")).write(
          to: URL(fileURLWithPath: "\(root)/\(to)"))
      }
    } catch {
      throw Refusal(.store, file: root, found: "\(error)", expected: "a folder to write to")
    }
  }
}
