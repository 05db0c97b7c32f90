internal import Checkpoints
internal import Inputs

/// The tokenizer of a GGUF file, by its metadata.
enum GGUFTokenizer {
  /// The kinds of `tokenizer.ggml.model` that are read.
  private enum Kind: String, CaseIterable {
    case byteLevel = "gpt2"
    case sentencePiece = "llama"
    case unigram = "t5"
    case wordPiece = "bert"

    /// Whether texts begin with the beginning of a sequence where the file does not say.
    var addsBeginning: Bool { self == .sentencePiece || self == .wordPiece }
    /// Whether they end with its end.
    var addsEnd: Bool { self == .unigram || self == .wordPiece }
  }

  /// - Parameter rows: The rows of the model's embedding.
  /// - Returns: Nil for a file without a tokenizer.
  static func open(
    _ metadata: GGUFMetadata, rows: Int
  ) throws(Refusal) -> TokenizerPipeline? {
    guard let name = metadata.optional("tokenizer.ggml.model") else { return nil }
    guard let kind = Kind(rawValue: try name.string()) else {
      throw name.refusal(
        "the tokenizer \(quoted(try name.string()))",
        expected: Kind.allCases.map(\.rawValue).joined(separator: ", ")
          + ", or a tokenizer.json named by model.tokenizer")
    }
    // Before any is read: a file may claim more than there is memory for.
    let list = try metadata["tokenizer.ggml.tokens"]
    guard try list.count() <= rows else {
      throw list.refusal(
        list.value.kindName, expected: "at most \(rows), the rows of the embedding")
    }
    let tokens = try list.strings(distinct: true)
    let (first, last) = try frame(metadata, kind)
    if kind == .byteLevel {
      return try TokenizerPipeline(
        gguf: tokens, merges: metadata["tokenizer.ggml.merges"].strings(),
        tokenTypes: metadata["tokenizer.ggml.token_type"].integers(),
        pre: metadata.optional("tokenizer.ggml.pre")?.string(), first: first, last: last,
        file: metadata.file, vocabularySize: rows)
    }
    let types =
      try metadata.optional("tokenizer.ggml.token_type")?.integers() ?? tokens.map { _ in 1 }
    let vocabulary = try GGUFVocabulary(tokens, types: types, rows: rows, file: metadata.file)
    var pieces = GGUFPieces(vocabulary: vocabulary, rows: rows)
    pieces.frame = try vocabulary.frame(first: first, last: last)
    func flag(_ key: String, _ value: Bool) throws(Refusal) -> Bool {
      try metadata.optional("tokenizer.ggml.\(key)")?.bool() ?? value
    }
    pieces.addsPrefix = try flag("add_space_prefix", true)
    pieces.removesBlanks = try flag("remove_extra_whitespaces", kind == .unigram)
    if kind == .wordPiece { return try pieces.wordPiece() }
    pieces.scores = try scores(metadata["tokenizer.ggml.scores"], count: tokens.count)
    if let map = metadata.optional("tokenizer.ggml.precompiled_charsmap") {
      let bytes = try map.integers()
      if !bytes.isEmpty {
        pieces.charsMap = try CharsMap(bytes.map { UInt8(truncatingIfNeeded: $0) }) {
          map.refusal($0, expected: "a compiled table of characters")
        }
      }
    }
    return kind == .unigram ? try pieces.unigram() : try pieces.merging()
  }

  private static func scores(_ field: GGUFField, count: Int) throws(Refusal) -> [Float] {
    let scores = try field.doubles().map { Float($0) }
    guard scores.count == count else {
      throw field.refusal("\(scores.count) scores", expected: "one for each of \(count) tokens")
    }
    if let place = scores.firstIndex(where: { !$0.isFinite }) {
      throw field.refusal("\(scores[place]) for token \(place)", expected: "a finite number")
    }
    return scores
  }

  /// The tokens around a text: by `add_bos_token` and `add_eos_token`, not by whether there are ids.
  private static func frame(
    _ metadata: GGUFMetadata, _ kind: Kind
  ) throws(Refusal) -> (first: Int?, last: Int?) {
    func id(_ names: [String], _ flag: String, _ value: Bool) throws(Refusal) -> Int? {
      let field = metadata.optional("tokenizer.ggml.\(flag)")
      guard try field?.bool() ?? value else { return nil }
      for name in names {
        if let id = try metadata.optional("tokenizer.ggml.\(name)")?.int() { return id }
      }
      if let field {
        throw field.refusal("true", expected: "false, or an id in tokenizer.ggml.\(names[0])")
      }
      return nil
    }
    let isBert = kind == .wordPiece
    let pre = try metadata.optional("tokenizer.ggml.pre")?.string() ?? ""
    return (
      try id(
        isBert ? ["cls_token_id", "bos_token_id"] : ["bos_token_id"], "add_bos_token",
        kind.addsBeginning || kind == .byteLevel && PublishedPreTokenizer.beginning.contains(pre)),
      try id(
        isBert ? ["seperator_token_id", "sep_token_id", "eos_token_id"] : ["eos_token_id"],
        isBert ? "add_sep_token" : "add_eos_token", kind.addsEnd)
    )
  }
}
