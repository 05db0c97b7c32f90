internal import Checkpoints
internal import Inputs

/// What the metadata of a GGUF file says of a tokenizer besides its tokens.
struct GGUFPieces {
  let vocabulary: GGUFVocabulary
  /// `tokenizer.ggml.scores`.
  var scores: [Float] = []
  var addsPrefix = true
  var removesBlanks = false
  var charsMap: CharsMap?
  var frame = SpecialFrame()
  var rows: Int?

  private var file: String { vocabulary.file }

  /// SentencePiece by scores: `llama`, as Llama 2, Mistral and Gemma are converted.
  func merging() throws(Refusal) -> TokenizerPipeline {
    let decoder = Decoder(
      steps: [.replace(Array("\u{2581}".utf8), with: [0x20]), .byteFallback, .fuse]
        + (addsPrefix ? [.strip(content: [0x20], start: 1, stop: 0)] : []))
    let (texts, pieces) = tables(decoder)
    let model = ScoredMergeModel(
      pieces: pieces, scores: scores,
      kinds: vocabulary.kinds.map { kind in
        switch kind {
        case .plain, .byUser: .plain
        case .unused: .unused
        case .unknown, .control, .byte: .never
        }
      }, byteTokens: MergeRules.byteTokens(in: vocabulary.ids), unknown: vocabulary.unknown,
      longest: vocabulary.tokens.map(\.utf8.count).max() ?? 0)
    return try pipeline(model, decoder, texts, pieces)
  }

  /// SentencePiece's unigram: `t5`.
  func unigram() throws(Refusal) -> TokenizerPipeline {
    let decoder = Decoder(
      steps: [.metaspace(mark: Array("\u{2581}".utf8), dropsFirst: addsPrefix)])
    let (texts, pieces) = tables(decoder)
    var plain: [(id: Int, bytes: [UInt8])] = []
    var known: [Double] = []
    for (id, token) in vocabulary.tokens.enumerated() where !token.isEmpty {
      guard [.plain, .byUser, .unused].contains(vocabulary.kinds[id]) else { continue }
      guard token.utf8.count <= UnigramModel.pieceLimit else {
        throw vocabulary.refusal(
          "tokens", "token \(id) of \(token.utf8.count) bytes",
          "at most \(UnigramModel.pieceLimit)")
      }
      plain.append((id, Array(token.utf8)))
      known.append(Double(scores[id]))
    }
    let bytes = MergeRules.byteTokens(in: vocabulary.ids)
    let model = UnigramModel(
      pieces: SortedPieces(plain), scores: scores.map { Double($0) }, worst: known.min() ?? 0,
      unknown: vocabulary.unknown, byteTokens: bytes.contains { $0 < 0 } ? [] : bytes)
    return try pipeline(model, decoder, texts, pieces)
  }

  /// BERT's pieces: `bert`. They are written `▁word` and `more` for `word` and `##more`.
  ///
  /// The file does not say whether the vocabulary is lower-cased: it is if no token has a capital.
  func wordPiece() throws(Refusal) -> TokenizerPipeline {
    var isCased = false
    let tokens = zip(vocabulary.tokens, vocabulary.kinds).map { (token, kind) -> String in
      if kind != .plain || token.hasPrefix("[") && token.hasSuffix("]") && token.count > 2 {
        return token
      }
      isCased = isCased || token.utf8.contains { (0x41...0x5A).contains($0) }
      return token.hasPrefix("\u{2581}") ? String(token.dropFirst()) : "##" + token
    }
    let decoder = Decoder(steps: [.wordPiece(continuation: Array("##".utf8), cleansUp: true)])
    var seen: [ByteKey: Int] = [:]
    for (id, token) in tokens.enumerated() where !token.isEmpty {
      if let other = seen.updateValue(id, forKey: ByteKey(token)) {
        throw vocabulary.refusal(
          "tokens", "\(quoted(token)) twice, as \(other) and as \(id)", "each token once")
      }
      guard token.utf8.count <= UnigramModel.pieceLimit else {
        throw vocabulary.refusal(
          "tokens", "token \(id) of \(token.utf8.count) bytes",
          "at most \(UnigramModel.pieceLimit)")
      }
    }
    let model = WordPieceModel(
      pieces: SortedPieces(seen.map { ($1, Array($0.text.utf8)) }),
      unknown: (vocabulary.unknown.map { Int($0) } ?? seen[ByteKey("[UNK]")]).map { Int32($0) })
    let written = Vocabulary(
      tokens.map { Array($0.utf8) }, special: [], first: vocabulary.added.map(\.id))
    return try pipeline(
      model, decoder, written, written,
      normalizers: [.bert(BertRules(stripsAccents: !isCased, lowercases: !isCased))],
      preTokenizers: [.bert])
  }

  private func tables(_ decoder: Decoder) -> (texts: Vocabulary, pieces: Vocabulary) {
    let added = vocabulary.added
    let written = vocabulary.tokens.map { Array($0.utf8) }
    var texts = written.map(decoder.text(of:))
    for token in added { texts[token.id] = written[token.id] }
    let plain = vocabulary.kinds.indices.filter { vocabulary.kinds[$0] != .byte }
    let special = Set(added.filter(\.isSpecial).map(\.id))
    return (
      Vocabulary(texts, special: special, first: added.map(\.id) + plain),
      Vocabulary(written, special: special, first: [])
    )
  }

  private func pipeline(
    _ model: any WordModel, _ decoder: Decoder, _ texts: Vocabulary, _ pieces: Vocabulary,
    normalizers: [NormalizerStep]? = nil, preTokenizers: [PreTokenizer] = []
  ) throws(Refusal) -> TokenizerPipeline {
    var parts = TokenizerPipeline.Parts(
      vocabulary: texts, pieces: pieces, model: model, decoder: decoder, frame: frame, rows: rows,
      digest: GGUFVocabulary.digest(of: [
        [model.form, "\(addsPrefix)", "\(removesBlanks)"], vocabulary.tokens,
        vocabulary.types.map(String.init), scores.map { String($0.bitPattern) },
      ]), file: file)
    parts.normalizers =
      normalizers ?? [
        .sentencePiece(
          SentencePieceRules(
            charsMap: charsMap, addsPrefix: addsPrefix, removesBlanks: removesBlanks))
      ]
    parts.preTokenizers = preTokenizers
    parts.added = vocabulary.added
    return try TokenizerPipeline(parts)
  }
}
