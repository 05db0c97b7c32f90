public import Inputs

extension TokenizerPipeline {
  /// Reads a `tokenizer.json`.
  ///
  /// `truncation` and `padding` are passed over, as `transformers` does, which sets both anew at
  /// every call: prompts are never cut or filled here. Whatever else could change a token and is
  /// not known is refused by name.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - vocabularySize: The rows of the model's embedding, which every token of the vocabulary
  ///     must have. A text with an added token that has none is refused.
  public init(tokenizerFile path: String, vocabularySize: Int? = nil) throws(Refusal) {
    try self.init(tokenizerFile: path, vocabularySize: vocabularySize, config: TokenizerConfig())
  }

  /// - Parameter config: What stands beside the file and changes what it does.
  init(
    tokenizerFile path: String, vocabularySize: Int?, config: TokenizerConfig
  ) throws(Refusal) {
    let bytes = try BoundedFile(path, kind: .model).jsonBytes(limit: 256 << 20)
    let root = JSONField(
      try JSON.parse(bytes, file: path, kind: .model, values: 4_000_000), file: path, kind: .model)
    try root.refuseUnknownKeys(known: [
      "version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer",
      "post_processor", "decoder", "model",
    ])
    if let version = try root.optional("version"), try version.string() != "1.0" {
      throw version.refusal(version.value.kindName, expected: "\"1.0\"")
    }
    let normalizers = try TokenizerFile.normalizers(root.optional("normalizer"))
    var (steps, isByteLevel) = try TokenizerFile.preTokenizers(root.optional("pre_tokenizer"))
    let decoder = Decoder(steps: try TokenizerFile.decoders(root.optional("decoder")))
    let model = try root["model"]
    let type = try TokenizerFile.ModelType(of: model)
    let vocab = try TokenizerFile.vocabulary(
      model["vocab"], isScored: type == .unigram, limit: vocabularySize)
    var added = try TokenizerFile.addedTokens(root.optional("added_tokens"), vocab: vocab)
    added += try config.added(
      beyond: added, id: { vocab.ids[ByteKey($0)] }, isTaken: { vocab.texts[$0] != nil })
    let hasAffixes = try TokenizerFile.hasAffixes(model)
    if isByteLevel, type != .merges || !decoder.isPlain || hasAffixes {
      steps.append(.byteLetters)
      isByteLevel = false
    }
    let texts = TokenizerTexts(vocab, added, decoder, isByteLevel: isByteLevel)
    var parts = Parts(
      vocabulary: texts.vocabulary, pieces: isByteLevel ? nil : texts.pieces,
      model: try TokenizerFile.wordModel(
        model, type, vocab: vocab, pieces: isByteLevel ? texts.vocabulary : texts.pieces,
        isByteLevel: isByteLevel),
      decoder: decoder, digest: Digest.of(bytes), file: path)
    (parts.normalizers, parts.preTokenizers, parts.added) = (normalizers, steps, added)
    parts.frame = try TokenizerFile.frame(root.optional("post_processor"))
    parts.rows = vocabularySize
    try config.apply(
      to: &parts, outer: root.optional("pre_tokenizer")?["type"].string())
    try self.init(parts)
  }
}

/// The tokens of a vocabulary by id, as they are written and as the text that they stand for.
struct TokenizerTexts {
  let vocabulary: Vocabulary
  let pieces: Vocabulary

  init(
    _ vocab: TokenizerFile.VocabularyFields, _ added: [AddedToken], _ decoder: Decoder,
    isByteLevel: Bool
  ) {
    let largest = (vocab.ids.values.map { $0 } + added.map(\.id)).max() ?? 0
    var written = [[UInt8]?](repeating: nil, count: largest + 1)
    for (text, id) in vocab.ids { written[id] = Array(text.text.utf8) }
    var texts = written.map { token in
      token.map { isByteLevel ? DecoderStep.alphabetBytes($0) : decoder.text(of: $0) }
    }
    for token in added {
      written[token.id] = Array(token.content.utf8)
      texts[token.id] = Array(token.content.utf8)
    }
    let special = Set(added.filter(\.isSpecial).map(\.id))
    let firsts = added.map(\.id)
    // A byte's token comes after a token that is written so.
    let plain = written.indices.filter { id in
      written[id].map { ByteToken.byte(of: $0) == nil } ?? false
    }
    vocabulary = Vocabulary(texts, special: special, first: firsts + plain)
    pieces =
      isByteLevel ? vocabulary : Vocabulary(written, special: special, first: [])
  }
}

/// The parts of a `tokenizer.json`, each read by a function that refuses what it does not know.
enum TokenizerFile {
  /// Refuses a part that has another type than those read here, by its name.
  static func unknownType(
    _ part: JSONField, _ what: String, known: [String]
  ) throws(Refusal) -> Refusal {
    let type = try part["type"]
    return type.refusal(
      "the \(what) \(quoted(try type.string()))", expected: known.joined(separator: ", "))
  }

  /// A flag that may be absent.
  static func flag(
    _ name: String, of part: JSONField, default value: Bool
  ) throws(Refusal) -> Bool {
    try part.optional(name)?.bool() ?? value
  }
}
