internal import Inputs

/// A `tokenizer.model`, through the SentencePiece library.
///
/// Kudo and Richardson, 2018, <https://arxiv.org/abs/1808.06226>. By itself a file's control pieces are
/// plain text where they are typed, as the library has it; in a model folder they are found, as
/// `transformers` does.
struct SentencePieceTokenizer: Tokenizer {
  private let cutter: SentencePieceCutter
  /// Cuts what stands behind a special token, where that has no blank put in front.
  private let continuing: SentencePieceCutter?
  /// The pieces as the text that they stand for, with the tokens that a folder adds.
  private let vocabulary: Vocabulary
  private let pieceCount: Int
  private let isByte: [Bool]
  private let added: AddedTokenFinder
  private let addedIds: Set<Int>
  private let frame: SpecialFrame
  private let rows: Int
  private let file: String
  let digest: String
  let form: String
  let notes: [String]

  var count: Int { vocabulary.count }

  /// - Parameters:
  ///   - vocabularySize: The rows of the embedding, which every piece must have.
  ///   - config: The folder's; nil for a file by itself.
  init(
    _ file: BoundedFile, vocabularySize: Int?, config: TokenizerConfig?
  ) throws(Refusal) {
    let bytes = try file.readAll(limit: 256 << 20)
    var model = try SentencePieceModel(bytes, file: file.path, rows: vocabularySize)
    let style = try SentencePieceStyle(config, model)
    if let addsPrefix = style.addsPrefix { model.addsPrefix = addsPrefix }
    digest = Digest.of(bytes)
    cutter = try SentencePieceCutter(model, rows: vocabularySize, file: file.path)
    if model.addsPrefix, !style.isLegacy {
      var bare = model
      bare.addsPrefix = false
      continuing = try SentencePieceCutter(bare, rows: vocabularySize, file: file.path)
    } else {
      continuing = nil
    }
    let pieces = model.pieces
    var ids: [ByteKey: Int] = [:]
    for (id, piece) in pieces.enumerated() { ids[ByteKey(piece.text)] = id }
    let special =
      try config?.specials(
        defaults: style.named, id: { ids[ByteKey($0)] }, isTaken: { $0 < pieces.count }) ?? []
    var texts: [[UInt8]?] = pieces.map { piece in
      if piece.kind == .byte, let byte = ByteToken.byte(of: Array(piece.text.utf8)) {
        return [byte]
      }
      return DecoderStep.replace(
        Array("\u{2581}".utf8), in: Array(piece.text.utf8), with: [0x20])
    }
    for token in special + style.extra(pieces.count, special) {
      guard token.id < pieces.count + (1 << 16) else {
        throw Refusal(
          .model, file: config?.file ?? "", field: "added_tokens_decoder.\(token.id)",
          found: "the id \(token.id)", expected: "an id below \(pieces.count + (1 << 16))")
      }
      while texts.count <= token.id { texts.append(nil) }
      texts[token.id] = Array(token.content.utf8)
    }
    let all = special + style.extra(pieces.count, special)
    let controls = pieces.indices.filter { [.control, .unknown].contains(pieces[$0].kind) }
    vocabulary = Vocabulary(
      texts, special: Set(controls + all.filter(\.isSpecial).map(\.id)),
      first: all.map(\.id) + pieces.indices.filter { pieces[$0].kind == .plain })
    pieceCount = pieces.count
    isByte = pieces.map { $0.kind == .byte }
    added = AddedTokenFinder(all)
    addedIds = Set(all.map(\.id))
    frame = SpecialFrame(
      before: style.addsBeginning ? model.beginning.map { [$0] } ?? [] : [],
      after: style.addsEnd ? model.end.map { [$0] } ?? [] : [])
    rows = vocabularySize ?? .max
    form = model.algorithm.form
    notes = []
    self.file = file.path
  }

  func encodeWithOffsets(
    _ text: String, addingSpecialTokens: Bool
  ) throws(Refusal) -> Encoding {
    let source = SourceText(text)
    var ids: [Int] = []
    var spans: [Range<Int>] = []
    let stretches = added.split([Piece(range: 0..<source.scalars.count)], of: source.scalars)
    var isTyped = stretches.first.map { $0.id >= 0 } ?? false
    for piece in stretches {
      let bytes = source.bytes(of: piece.range)
      if piece.id >= 0 {
        ids.append(piece.id)
        spans.append(bytes)
        continue
      }
      let cutter = bytes.lowerBound > 0 ? continuing ?? cutter : cutter
      for (id, span) in try cutter.cut(source.bytes[bytes]) {
        let start = bytes.lowerBound + span.lowerBound
        ids.append(id)
        spans.append(start..<bytes.lowerBound + span.upperBound)
      }
      widen(&spans, source, before: bytes.upperBound)
    }
    if addingSpecialTokens {
      if addedIds.isEmpty, !frame.before.isEmpty, text.hasPrefix(beginningText) {
        // Typed where the library takes it for text: what stands behind it is meant.
        let start = beginningText.utf8.count
        let rest = try encodeWithOffsets(
          String(decoding: source.bytes[start...], as: UTF8.self), addingSpecialTokens: false)
        ids = frame.before + rest.ids
        spans = [0..<start] + rest.utf8Spans.map { $0.lowerBound + start..<$0.upperBound + start }
        isTyped = true
      }
      (ids, spans) = frame.around(ids, spans, end: text.utf8.count, isTyped: isTyped)
    }
    if let id = ids.first(where: { $0 >= rows }) {
      throw Refusal(
        .model, file: file, field: "added_tokens",
        found: "a text with the token \(quoted(token(id) ?? "")) of id \(id)",
        expected: "ids below \(rows), the rows of the embedding")
    }
    return Encoding(ids: ids, utf8Spans: spans, in: text)
  }

  /// The beginning of a sequence as it would be typed, where a text begins with one.
  private var beginningText: String {
    frame.before.first.flatMap { token($0) } ?? ""
  }

  /// Tokens that stand for no bytes of their own, as the first of a character's bytes and the blank
  /// in front, share the character that begins there.
  private func widen(_ spans: inout [Range<Int>], _ text: SourceText, before end: Int) {
    for place in spans.indices.reversed() {
      let start = spans[place].lowerBound
      guard spans[place].isEmpty else { continue }
      guard start < end else { continue }
      let scalar = text.scalar(at: start)
      spans[place] = start..<min(end, text.byteStart[scalar + 1])
    }
  }

  func encode(_ text: String, addingSpecialTokens: Bool) throws(Refusal) -> [Int] {
    try encodeWithOffsets(text, addingSpecialTokens: addingSpecialTokens).ids
  }

  func decode(_ ids: [Int]) -> String {
    var result: [UInt8] = []
    var run: [Int32] = []
    func flush() {
      if !run.isEmpty { result += (try? cutter.processor.decode(run)) ?? [] }
      run = []
    }
    for id in ids where vocabulary.contains(id) {
      if id < pieceCount, !addedIds.contains(id) {
        run.append(Int32(id))
      } else {
        flush()
        result += vocabulary.bytes(of: id)
      }
    }
    flush()
    return String(decoding: result, as: UTF8.self)
  }

  func token(_ id: Int) -> String? {
    vocabulary.contains(id) ? String(decoding: vocabulary.bytes(of: id), as: UTF8.self) : nil
  }

  func id(of token: String) -> Int? { vocabulary.id(of: Array(token.utf8)[...]) }
}

/// What cuts a stretch of text into pieces.
struct SentencePieceCutter: Sendable {
  let processor: SentencePieceProcessor
  /// Cuts in the library's place where that depends on its version.
  private let unigram: TokenizerPipeline?

  init(_ model: SentencePieceModel, rows: Int?, file: String) throws(Refusal) {
    processor = try SentencePieceProcessor(model.serialized(), file: file)
    unigram = try model.unigram(rows: rows)
  }

  func cut(_ text: ArraySlice<UInt8>) throws(Refusal) -> [(id: Int, span: Range<Int>)] {
    guard let unigram else { return try processor.encode(text) }
    let encoding = try unigram.encodeWithOffsets(
      String(decoding: text, as: UTF8.self), addingSpecialTokens: false)
    return zip(encoding.ids, encoding.utf8Spans).map { ($0, $1) }
  }
}
