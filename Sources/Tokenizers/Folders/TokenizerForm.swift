internal import Checkpoints
internal import Foundation
internal import Inputs

/// The forms in which tokenizers are published as files.
enum TokenizerForm {
  /// The files of a model folder, the one that counts first.
  private static let names = [
    "tokenizer.json", "tokenizer.model", "spiece.model", "sentencepiece.bpe.model",
    "spm.model", "vocab.json", "encoder.json", "vocab.txt",
  ]

  static let expected =
    "tokenizer.json, tokenizer.model, vocab.json with merges.txt, vocab.txt, "
    + "a .tiktoken file, llama2.c's tokenizer.bin"

  /// The file that a folder's tokenizer is read from.
  static func file(in folder: String) -> String? {
    let manager = FileManager.default
    for name in names where manager.fileExists(atPath: "\(folder)/\(name)") {
      if name == "vocab.json" || name == "encoder.json", merges(beside: "\(folder)/\(name)") == nil
      {
        continue
      }
      return "\(folder)/\(name)"
    }
    let others = ((try? manager.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    return (others.first { $0.hasSuffix(".tiktoken") } ?? others.first { $0 == "tokenizer.bin" })
      .map { "\(folder)/\($0)" }
  }

  private static func merges(beside path: String) -> String? {
    let folder = (path as NSString).deletingLastPathComponent
    return ["merges.txt", "vocab.bpe"].map { folder.isEmpty ? $0 : "\(folder)/\($0)" }
      .first { FileManager.default.fileExists(atPath: $0) }
  }

  /// Reads a file by its name, and by its first bytes where a name has two forms.
  ///
  /// - Parameters:
  ///   - config: What stands beside it; nil to look there.
  ///   - isWhole: Whether the file is the tokenizer of a folder, whose class decides what else it
  ///     does. SentencePiece files that are named by themselves do what the library does.
  static func open(
    _ path: String, _ rows: Int?, config: TokenizerConfig? = nil, isWhole: Bool = false
  ) throws(Refusal) -> any Tokenizer {
    let name = (path as NSString).lastPathComponent.lowercased()
    let folder = (path as NSString).deletingLastPathComponent
    func beside() throws(Refusal) -> TokenizerConfig {
      if let config { return config }
      return try TokenizerConfig(in: folder.isEmpty ? "." : folder)
    }
    if ["vocab.json", "encoder.json"].contains(name) || name == "merges.txt" {
      let vocab = name == "merges.txt" ? "\(folder.isEmpty ? "." : folder)/vocab.json" : path
      guard let merges = merges(beside: vocab) else {
        throw Refusal(
          .model, file: path, found: "no merges.txt beside it", expected: "the merges of the tokens"
        )
      }
      return try TokenizerPipeline(
        vocabularyFile: vocab, mergesFile: merges, vocabularySize: rows, config: beside())
    }
    if name.hasSuffix(".txt") {
      return try TokenizerPipeline(wordPieceFile: path, vocabularySize: rows, config: beside())
    }
    if name.hasSuffix(".gguf") {
      guard
        let found = try GGUFTokenizer.open(GGUFFile(path).metadata, rows: rows ?? Int(Int32.max))
      else {
        throw Refusal(
          .model, file: path, field: "tokenizer.ggml.model", found: "no tokenizer",
          expected: "a GGUF file with one")
      }
      return found
    }
    if name.hasSuffix(".bin") {
      return try TokenizerPipeline(llama2CFile: path, vocabularySize: rows)
    }
    if name.hasSuffix(".tiktoken") || name.hasSuffix(".model") {
      let file = try BoundedFile(path, kind: .model)
      let isRanks = try TiktokenFile.isMeant(file)
      if name.hasSuffix(".tiktoken") || isRanks {
        return try TokenizerPipeline(tiktokenFile: file, vocabularySize: rows, config: beside())
      }
      return try SentencePieceTokenizer(
        file, vocabularySize: rows, config: isWhole ? beside() : nil)
    }
    return try TokenizerPipeline(
      tokenizerFile: path, vocabularySize: rows, config: config ?? TokenizerConfig())
  }
}
