package import Checkpoints
internal import Foundation
package import Inputs

/// Finds the tokenizer that belongs to a model.
package enum ModelTokenizer {
  /// - Parameters:
  ///   - path: What the job names: a `tokenizer.json`, or a folder with one; nil for the model's own.
  ///   - checkpoint: The model, which usually brings its tokenizer along.
  /// - Returns: Nil for a folder without `tokenizer.json` and a GGUF file without a tokenizer: their
  ///   prompts must come as token ids.
  package static func open(
    _ path: String?, beside checkpoint: Checkpoint, vocabulary: Int
  ) throws(Refusal) -> (any Tokenizer)? {
    if let path { return try file(path, vocabulary: vocabulary) }
    switch checkpoint.config {
    case .huggingFace:
      guard FileManager.default.fileExists(atPath: "\(checkpoint.path)/tokenizer.json") else {
        return nil
      }
      return try file(checkpoint.path, vocabulary: vocabulary)
    case .gguf(let metadata): return try gguf(metadata, vocabulary: vocabulary)
    }
  }

  private static func file(_ path: String, vocabulary: Int) throws(Refusal) -> any Tokenizer {
    var isFolder: ObjCBool = false
    _ = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    let file = isFolder.boolValue ? "\(path)/tokenizer.json" : path
    return try ByteLevelBPE(tokenizerFile: file, vocabularySize: vocabulary)
  }

  private static func gguf(
    _ metadata: GGUFMetadata, vocabulary: Int
  ) throws(Refusal) -> (any Tokenizer)? {
    guard let kind = metadata.optional("tokenizer.ggml.model") else { return nil }
    guard try kind.string() == "gpt2" else {
      throw kind.refusal(
        "the tokenizer \(quoted(try kind.string()))",
        expected: "gpt2 (byte-level BPE), or a tokenizer.json named by model.tokenizer")
    }
    // Before any is read: a file may claim more than there is memory for.
    let tokens = try metadata["tokenizer.ggml.tokens"]
    guard try tokens.count() <= vocabulary else {
      throw tokens.refusal(
        tokens.value.kindName, expected: "at most \(vocabulary), the rows of the embedding")
    }
    return try ByteLevelBPE(
      gguf: tokens.strings(distinct: true),
      merges: metadata["tokenizer.ggml.merges"].strings(),
      tokenTypes: metadata["tokenizer.ggml.token_type"].integers(),
      pre: metadata.optional("tokenizer.ggml.pre")?.string() ?? "default",
      file: metadata.file, vocabularySize: vocabulary)
  }
}
