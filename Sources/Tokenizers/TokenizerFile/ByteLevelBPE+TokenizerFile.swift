public import Inputs

extension ByteLevelBPE {
  /// Reads a `tokenizer.json` whose model is byte-level BPE.
  ///
  /// `truncation` and `padding` are passed over, as `transformers` does, which sets both anew at
  /// every call: prompts are never cut or filled here. Whatever else could change a token and is
  /// not known is refused by name.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - vocabularySize: The rows of the model's embedding, which every token must have.
  public init(tokenizerFile path: String, vocabularySize: Int? = nil) throws(Refusal) {
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
    let composes = try TokenizerFile.composes(root.optional("normalizer"))
    let preTokenizers = try TokenizerFile.preTokenizers(root["pre_tokenizer"])
    try TokenizerFile.checkDecoder(root["decoder"])

    let model = try root["model"]
    let vocab = try TokenizerFile.vocabulary(model, limit: vocabularySize)
    let added = try TokenizerFile.addedTokens(
      root.optional("added_tokens"), vocab: vocab, limit: vocabularySize)
    rules = try TokenizerFile.rules(model, vocab: vocab)
    frame = try TokenizerFile.frame(root.optional("post_processor"))

    let largest = (vocab.ids.values.map { $0 } + added.map(\.id)).max() ?? 0
    var tokens = [[UInt8]?](repeating: nil, count: largest + 1)
    for (text, id) in vocab.ids {
      tokens[id] = ByteAlphabet.bytes(of: text.text) ?? Array(text.text.utf8)
    }
    for token in added { tokens[token.id] = Array(token.content.utf8) }
    vocabulary = Vocabulary(
      tokens, special: Set(added.filter(\.isSpecial).map(\.id)), first: added.map(\.id))
    for id in frame.before + frame.after where !vocabulary.contains(id) {
      throw Refusal(
        .model, file: path, field: "post_processor", found: "token id \(id)",
        expected: "the id of a token")
    }
    let normalized = added.filter(\.isNormalized).map { token in
      var token = token
      if composes { token.content = Normalizer.composed(token.content) }
      return token
    }
    addedTokens = (
      AddedTokenFinder(added.filter { !$0.isNormalized }), AddedTokenFinder(normalized)
    )
    self.composes = composes
    self.preTokenizers = preTokenizers
    digest = Digest.of(bytes)
    file = path
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

  /// The decoder only says that the vocabulary is written in the byte alphabet.
  static func checkDecoder(_ decoder: JSONField) throws(Refusal) {
    guard !decoder.isNull else { throw decoder.refusal("null", expected: "the decoder ByteLevel") }
    if try decoder["type"].string() == "ByteLevel" { return }
    throw try unknownType(decoder, "decoder", known: ["ByteLevel"])
  }
}
