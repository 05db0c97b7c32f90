public import Inputs

/// A tokenizer as it is published: a text is rewritten, cut into words, and each word into tokens.
///
/// The parts are those of `tokenizer.json`, <https://huggingface.co/docs/tokenizers/pipeline>;
/// other forms of tokenizers are expressed in them.
public struct TokenizerPipeline: Tokenizer {
  /// The tokens as the bytes of text that they stand for.
  let vocabulary: Vocabulary
  /// The tokens as the file writes them, where decoding needs more than their bytes.
  let pieces: Vocabulary?
  let model: any WordModel
  let normalizers: [NormalizerStep]
  /// Added tokens that are looked for in the text as it is, and those in the normalized text.
  let addedTokens: (raw: AddedTokenFinder, normalized: AddedTokenFinder)
  let preTokenizers: [PreTokenizer]
  let decoder: Decoder
  /// The special tokens that go around a text when they are asked for.
  let frame: SpecialFrame
  /// Tokens that the model's embedding has no row for begin here.
  let rows: Int
  /// SHA-256 of the `tokenizer.json`, or of the values that the tokenizer was made from.
  public let digest: String
  public let notes: [String]
  let file: String

  /// The longest token, in bytes, that is looked for in text: the search starts at every character.
  static let addedTokenLimit = 1024

  /// What makes a tokenizer, each part read and checked.
  struct Parts {
    var vocabulary: Vocabulary
    var pieces: Vocabulary?
    var model: any WordModel
    var normalizers: [NormalizerStep] = []
    var added: [AddedToken] = []
    var preTokenizers: [PreTokenizer] = []
    var decoder: Decoder
    var frame = SpecialFrame()
    var rows: Int?
    var digest: String
    var notes: [String] = []
    var file: String
  }

  init(_ parts: Parts) throws(Refusal) {
    vocabulary = parts.vocabulary
    pieces = parts.pieces
    model = parts.model
    normalizers = parts.normalizers
    preTokenizers = parts.preTokenizers
    decoder = parts.decoder
    frame = parts.frame
    rows = parts.rows ?? .max
    digest = parts.digest
    notes = parts.notes
    file = parts.file
    for id in frame.before + frame.after where !vocabulary.contains(id) {
      throw Refusal(
        .model, file: file, field: "post_processor", found: "token id \(id)",
        expected: "the id of a token")
    }
    var normalized: [AddedToken] = []
    do throws(Refusal) {
      for var token in parts.added where token.isNormalized {
        token.content = try Self.normalized(token.content, by: normalizers)
        normalized.append(token)
      }
    } catch { throw error.inFile(parts.file) }
    addedTokens = (
      AddedTokenFinder(parts.added.filter { !$0.isNormalized }), AddedTokenFinder(normalized)
    )
  }

  /// One past the largest token id.
  public var count: Int { vocabulary.count }

  public var form: String { model.form }

  /// The tokens of a text with the places they stand for.
  public func encodeWithOffsets(
    _ text: String, addingSpecialTokens: Bool
  ) throws(Refusal) -> Encoding {
    let found = try tokens(of: text)
    let source = found.text
    var (ids, spans) = (found.ids, found.spans)
    if source.origin != nil {
      spans = spans.map { source.source(of: source.scalars(of: $0)) }
    }
    if addingSpecialTokens {
      (ids, spans) = frame.around(ids, spans, end: text.utf8.count, isTyped: found.isTyped)
    }
    try checkRows(ids)
    return Encoding(ids: ids, utf8Spans: spans, in: text)
  }

  /// The token ids of a text.
  public func encode(_ text: String, addingSpecialTokens: Bool) throws(Refusal) -> [Int] {
    let found = try tokens(of: text)
    var ids = found.ids
    if addingSpecialTokens { ids = frame.around(ids, [], end: 0, isTyped: found.isTyped).ids }
    try checkRows(ids)
    return ids
  }

  /// The text that tokens stand for; ids without a token stand for none.
  public func decode(_ ids: [Int]) -> String {
    guard let pieces else {
      var bytes: [UInt8] = []
      for id in ids { bytes += vocabulary.bytes(of: id) }
      return String(decoding: bytes, as: UTF8.self)
    }
    return decoder.text(of: ids.filter(pieces.contains).map { Array(pieces.bytes(of: $0)) })
  }

  /// The text of one token, with U+FFFD for parts of characters; nil where the id has no token.
  public func token(_ id: Int) -> String? {
    vocabulary.contains(id) ? String(decoding: vocabulary.bytes(of: id), as: UTF8.self) : nil
  }

  /// The token that stands for exactly this text.
  public func id(of token: String) -> Int? { vocabulary.id(of: Array(token.utf8)[...]) }

  /// Whether a token stands for no text: a beginning, an end, padding.
  public func isSpecial(_ id: Int) -> Bool { vocabulary.special.contains(id) }

  /// The text as it was cut, and its tokens with their bytes in that.
  private struct Tokens {
    var text: SourceText
    var ids: [Int]
    var spans: [Range<Int>]
    /// Whether the first of them was found as it was typed, before anything was cut.
    var isTyped: Bool
  }

  private func tokens(of input: String) throws(Refusal) -> Tokens {
    guard input.utf8.count < Int32.max else {
      throw Refusal(
        .job, found: "a text of \(input.utf8.count) bytes", expected: "less than \(Int32.max)")
    }
    var text = SourceText(input)
    var pieces = addedTokens.raw.split([Piece(range: 0..<text.scalars.count)], of: text.scalars)
    do throws(Refusal) {
      var matcher = PatternMatcher(length: text.scalars.count)
      for step in normalizers { pieces = try step.apply(to: pieces, of: &text, using: &matcher) }
      pieces = addedTokens.normalized.split(pieces, of: text.scalars)
      for step in preTokenizers { pieces = try step.apply(to: pieces, of: &text, using: &matcher) }
      var encoder = WordEncoder(model, wordCount: pieces.count)
      for piece in pieces {
        let bytes = text.bytes(of: piece.range)
        if piece.id >= 0 {
          encoder.append(piece.id, bytes)
        } else {
          try encoder.encode(bytes, of: text.bytes)
        }
      }
      return Tokens(
        text: text, ids: encoder.ids, spans: encoder.spans,
        isTyped: pieces.first { $0.id >= 0 || !$0.range.isEmpty }.map { $0.id >= 0 } ?? false)
    } catch { throw error.inFile(file) }
  }

  private static func normalized(
    _ content: String, by steps: [NormalizerStep]
  ) throws(Refusal) -> String {
    var text = SourceText(content)
    var pieces = [Piece(range: 0..<text.scalars.count)]
    var matcher = PatternMatcher(length: text.scalars.count)
    for step in steps { pieces = try step.apply(to: pieces, of: &text, using: &matcher) }
    return String(decoding: text.bytes, as: UTF8.self)
  }

  /// Refuses a text with a token that the embedding has no row for, as added padding may be.
  private func checkRows(_ ids: [Int]) throws(Refusal) {
    guard rows < count, let id = ids.first(where: { $0 >= rows }) else { return }
    throw Refusal(
      .model, file: file, field: "added_tokens",
      found: "a text with the token \(quoted(token(id) ?? "")) of id \(id)",
      expected: "ids below \(rows), the rows of the embedding")
  }
}
