package import Checkpoints
internal import Foundation
public import Inputs

/// Finds the tokenizer that belongs to a model.
public enum ModelTokenizer {
  /// - Parameters:
  ///   - path: What the job names: a file of any form that is read here, or a folder with one; nil for
  ///     the model's own.
  ///   - checkpoint: The model, which usually brings its tokenizer along.
  /// - Returns: Nil for a folder and a GGUF file without a tokenizer: their prompts must come as token
  ///   ids.
  package static func open(
    _ path: String?, beside checkpoint: Checkpoint, vocabulary: Int
  ) throws(Refusal) -> (any Tokenizer)? {
    if let path { return try open(path, vocabulary: vocabulary) }
    switch checkpoint.config {
    case .huggingFace: return try folder(checkpoint.path, vocabulary: vocabulary)
    case .gguf(let metadata): return try GGUFTokenizer.open(metadata, rows: vocabulary)
    }
  }

  /// A tokenizer by itself.
  ///
  /// - Parameter vocabulary: The rows of the embedding; nil where no model is meant.
  public static func open(_ path: String, vocabulary: Int?) throws(Refusal) -> any Tokenizer {
    var isFolder: ObjCBool = false
    _ = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    guard isFolder.boolValue else { return try TokenizerForm.open(path, vocabulary) }
    guard let found = try folder(path, vocabulary: vocabulary) else {
      throw Refusal(
        .model, file: path, found: "no tokenizer",
        expected: "one of \(TokenizerForm.expected)")
    }
    return found
  }

  /// The tokenizer of a folder: the first of the known forms that is there.
  private static func folder(
    _ path: String, vocabulary: Int?
  ) throws(Refusal) -> (any Tokenizer)? {
    let folder = path.hasSuffix("/") ? String(path.dropLast()) : path
    guard let file = TokenizerForm.file(in: folder) else { return nil }
    return try TokenizerForm.open(
      file, vocabulary, config: TokenizerConfig(in: folder), isWhole: true)
  }
}
