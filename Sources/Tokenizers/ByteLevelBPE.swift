public import Inputs

/// Byte-level byte-pair encoding: GPT-2, GPT-NeoX, OLMo, Llama 3, Qwen, SmolLM and their kin.
///
/// Any text has tokens, since all 256 bytes do. Radford et al., 2019.
public struct ByteLevelBPE: Tokenizer {
  let vocabulary: Vocabulary
  let rules: MergeRules
  /// Brings text to Unicode form C first.
  let composes: Bool
  /// Added tokens that are looked for in the text as it is, and those in the normalized text.
  let addedTokens: (raw: AddedTokenFinder, normalized: AddedTokenFinder)

  /// The longest token, in bytes, that is looked for in text: the search starts at every character.
  static let addedTokenLimit = 1024

  let preTokenizers: [PreTokenizer]
  /// The special tokens that go around a text when they are asked for.
  let frame: SpecialFrame
  /// SHA-256 of the `tokenizer.json`, or of the values of a GGUF file.
  public let digest: String
  let file: String

  /// One past the largest token id.
  public var count: Int { vocabulary.count }

  /// The tokens of a text with the places they stand for.
  public func encodeWithOffsets(
    _ text: String, addingSpecialTokens: Bool
  ) throws(Refusal) -> Encoding {
    var (source, ids, spans) = try tokens(of: text)
    spans = spans.map { input($0, of: source) }
    if addingSpecialTokens {
      let end = text.utf8.count
      ids = frame.before + ids + frame.after
      spans = frame.before.map { _ in 0..<0 } + spans + frame.after.map { _ in end..<end }
    }
    return Encoding(ids: ids, utf8Spans: spans, in: text)
  }

  /// The token ids of a text.
  public func encode(_ text: String, addingSpecialTokens: Bool) throws(Refusal) -> [Int] {
    let ids = try tokens(of: text).ids
    return addingSpecialTokens ? frame.before + ids + frame.after : ids
  }

  /// The text that tokens stand for; ids without a token stand for none.
  public func decode(_ ids: [Int]) -> String {
    var bytes: [UInt8] = []
    for id in ids { bytes += vocabulary.bytes(of: id) }
    return String(decoding: bytes, as: UTF8.self)
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
  private func tokens(
    of input: String
  ) throws(Refusal) -> (text: SourceText, ids: [Int], spans: [Range<Int>]) {
    guard input.utf8.count < Int32.max else {
      throw Refusal(
        .job, found: "a text of \(input.utf8.count) bytes", expected: "less than \(Int32.max)")
    }
    var text = SourceText(input)
    var pieces = addedTokens.raw.split([Piece(range: 0..<text.scalars.count)], of: text.scalars)
    if composes { (text, pieces) = Normalizer.composed(text, pieces) }
    pieces = addedTokens.normalized.split(pieces, of: text.scalars)
    do throws(Refusal) {
      var matcher = PatternMatcher(length: text.scalars.count)
      for step in preTokenizers { pieces = try step.apply(to: pieces, of: &text, using: &matcher) }
      var encoder = WordEncoder(vocabulary: vocabulary, rules: rules, wordCount: pieces.count)
      for piece in pieces {
        let bytes = text.bytes(of: piece.range)
        if piece.id >= 0 {
          encoder.append(piece.id, bytes)
        } else {
          try encoder.encode(bytes, of: text.bytes)
        }
      }
      return (text, encoder.ids, encoder.spans)
    } catch { throw error.inFile(file) }
  }

  /// The bytes of the input that bytes of the normalized text stand for.
  private func input(_ bytes: Range<Int>, of text: SourceText) -> Range<Int> {
    guard text.origin != nil else { return bytes }
    let first = text.scalar(at: bytes.lowerBound)
    guard !bytes.isEmpty else {
      let place = first < text.scalars.count ? text.source(of: first).lowerBound : 0
      return place..<place
    }
    let last = text.scalar(at: bytes.upperBound - 1)
    return text.source(of: first).lowerBound..<text.source(of: last).upperBound
  }
}
