internal import Inputs

extension TokenizerPipeline {
  /// Reads a `vocab.txt`: BERT's pieces, one a line, whose number is the id.
  ///
  /// - Parameter config: `do_lower_case`, true where nothing is said, as in `transformers`.
  init(
    wordPieceFile path: String, vocabularySize: Int?, config: TokenizerConfig
  ) throws(Refusal) {
    let bytes = try BoundedFile(path, kind: .model).readAll(limit: 64 << 20)
    let lines = try TextLines(bytes, file: path).lines
    guard !lines.isEmpty else {
      throw Refusal(.model, file: path, found: "no lines", expected: "a token a line")
    }
    guard lines.count <= vocabularySize ?? .max else {
      throw Refusal(
        .model, file: path, found: "\(lines.count) tokens",
        expected: "at most \(vocabularySize ?? 0), the rows of the embedding")
    }
    var vocab = TokenizerFile.VocabularyFields(ids: [:], texts: [:])
    var pieces: [(id: Int, bytes: [UInt8])] = []
    for (number, text) in lines {
      func refusal(_ found: String, _ expected: String) -> Refusal {
        Refusal(.model, file: path, field: "line \(number)", found: found, expected: expected)
      }
      guard text.utf8.count <= UnigramModel.pieceLimit else {
        throw refusal("a token of \(text.utf8.count) bytes", "at most \(UnigramModel.pieceLimit)")
      }
      if let other = vocab.ids.updateValue(number - 1, forKey: ByteKey(text)) {
        throw refusal("\(quoted(text)) twice, first on line \(other + 1)", "each token once")
      }
      vocab.texts[number - 1] = text
      if !text.isEmpty { pieces.append((number - 1, Array(text.utf8))) }
    }
    let named = [
      "unk": "[UNK]", "sep": "[SEP]", "cls": "[CLS]", "pad": "[PAD]", "mask": "[MASK]",
    ]
    func id(_ text: String) -> Int? { vocab.ids[ByteKey(text)] }
    let added = try config.specials(
      defaults: named, id: id, isTaken: { vocab.texts[$0] != nil })
    let decoder = Decoder(steps: [.wordPiece(continuation: Array("##".utf8), cleansUp: true)])
    let texts = TokenizerTexts(vocab, added, decoder, isByteLevel: false)
    var parts = Parts(
      vocabulary: texts.vocabulary, pieces: texts.pieces,
      model: WordPieceModel(
        pieces: SortedPieces(pieces),
        unknown: id(config.text("unk") ?? "[UNK]").map { Int32($0) }),
      decoder: decoder, rows: vocabularySize, digest: Digest.of(bytes), file: path)
    let lowercases = config.lowercases ?? true
    parts.normalizers = [
      .bert(
        BertRules(
          spreadsChinese: config.spreadsChinese ?? true,
          stripsAccents: config.stripsAccents ?? lowercases, lowercases: lowercases))
    ]
    parts.preTokenizers = [.bert]
    parts.added = added
    for (name, place) in [("cls", true), ("sep", false)] {
      guard let id = id(config.named[name] ?? named[name] ?? "") else { continue }
      if place { parts.frame.before = [id] } else { parts.frame.after = [id] }
    }
    try self.init(parts)
  }
}
