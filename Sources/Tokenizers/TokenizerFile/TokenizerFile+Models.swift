internal import Inputs

extension TokenizerFile {
  enum ModelType: String, CaseIterable {
    case merges = "BPE"
    case unigram = "Unigram"
    case wordPiece = "WordPiece"
    case wordLevel = "WordLevel"

    /// What a model says it is; files from before 2021 leave it out.
    init(of model: JSONField) throws(Refusal) {
      guard let type = try model.optional("type") else {
        let object = try model.object()
        let isList = if case .array = object["vocab"] { true } else { false }
        self =
          isList
          ? .unigram
          : object["max_input_chars_per_word"] != nil && object["merges"] == nil
            ? .wordPiece : .merges
        return
      }
      guard let known = ModelType(rawValue: try type.string()) else {
        throw try unknownType(model, "tokenizer model", known: Self.allCases.map(\.rawValue))
      }
      self = known
    }
  }

  /// The model of a file whose words are letters of the byte alphabet, or text as it is.
  ///
  /// - Parameter isByteLevel: Whether the words come as bytes; the alphabet is then the rules' own.
  static func wordModel(
    _ model: JSONField, _ type: ModelType, vocab: VocabularyFields, pieces: Vocabulary,
    isByteLevel: Bool
  ) throws(Refusal) -> any WordModel {
    switch type {
    case .merges:
      let rules = try rules(model, vocab: vocab)
      if isByteLevel { return ByteMergeModel(rules: rules, vocabulary: pieces) }
      let falls = try flag("byte_fallback", of: model, default: false)
      return PieceMergeModel(
        rules: rules, pieces: pieces, byteTokens: falls ? MergeRules.byteTokens(in: vocab.ids) : [],
        wordEnd: Array((try model.optional("end_of_word_suffix")?.string() ?? "").utf8))
    case .unigram: return try unigram(model, vocab: vocab)
    case .wordPiece:
      try model.refuseUnknownKeys(known: [
        "type", "unk_token", "continuing_subword_prefix", "max_input_chars_per_word", "vocab",
      ])
      return WordPieceModel(
        pieces: try sorted(vocab, model),
        unknown: try unknown(model, in: vocab),
        continuation: Array(
          (try model.optional("continuing_subword_prefix")?.string() ?? "##").utf8),
        longestWord: try model.optional("max_input_chars_per_word")?.int() ?? 100)
    case .wordLevel:
      try model.refuseUnknownKeys(known: ["type", "unk_token", "vocab"])
      return WordLevelModel(pieces: pieces, unknown: try unknown(model, in: vocab))
    }
  }

  /// The unknown token, if the vocabulary has it.
  private static func unknown(
    _ model: JSONField, in vocab: VocabularyFields
  ) throws(Refusal) -> Int32? {
    guard let field = try model.optional("unk_token") else { return nil }
    return vocab.ids[ByteKey(try field.string())].map { Int32($0) }
  }

  /// The tokens in their order; none may be so long that the search would not end.
  private static func sorted(
    _ vocab: VocabularyFields, _ model: JSONField
  ) throws(Refusal) -> SortedPieces {
    var tokens: [(id: Int, bytes: [UInt8])] = []
    tokens.reserveCapacity(vocab.texts.count)
    for (id, text) in vocab.texts where !text.isEmpty {
      guard text.utf8.count <= UnigramModel.pieceLimit else {
        throw try model["vocab"].refusal(
          "token \(id) of \(text.utf8.count) bytes", expected: "at most \(UnigramModel.pieceLimit)")
      }
      tokens.append((id, Array(text.utf8)))
    }
    return SortedPieces(tokens)
  }

  private static func unigram(
    _ model: JSONField, vocab: VocabularyFields
  ) throws(Refusal) -> UnigramModel {
    try model.refuseUnknownKeys(known: ["type", "unk_id", "vocab", "byte_fallback"])
    var unknown: Int32?
    if let field = try model.optional("unk_id") {
      let id = try field.int()
      guard vocab.texts[id] != nil else {
        throw field.refusal("\(id)", expected: "an id below \(vocab.texts.count)")
      }
      unknown = Int32(id)
    }
    let falls = try flag("byte_fallback", of: model, default: false)
    let bytes = falls ? MergeRules.byteTokens(in: vocab.ids) : []
    return UnigramModel(
      pieces: try sorted(vocab, model), scores: vocab.scores,
      worst: vocab.scores.min() ?? 0, unknown: unknown,
      byteTokens: bytes.contains { $0 < 0 } ? [] : bytes)
  }
}
