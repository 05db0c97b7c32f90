/// The tokens of a text and where in the text each stands.
///
/// A span covers all that its token stands for, the space in front of a word included. A token that
/// was added around the text has an empty span; tokens that share a character each cover it.
public struct Encoding: Sendable, Equatable {
  /// The token ids.
  public let ids: [Int]
  /// The bytes of each token in the UTF-8 form of the text. Where normalization changed the text,
  /// whole characters.
  public let utf8Spans: [Range<Int>]
  /// The same spans counted in Unicode scalars, as Python counts, and widened to whole ones.
  public let characterSpans: [Range<Int>]

  init(ids: [Int], utf8Spans: [Range<Int>], in text: String) {
    self.ids = ids
    self.utf8Spans = utf8Spans
    // The scalars that begin at or before each byte.
    var begun: [Int] = []
    begun.reserveCapacity(text.utf8.count)
    for byte in text.utf8 { begun.append((begun.last ?? 0) + (byte & 0xC0 == 0x80 ? 0 : 1)) }
    let scalars = begun.last ?? 0
    characterSpans = utf8Spans.map { span in
      let start = span.lowerBound < begun.count ? begun[span.lowerBound] - 1 : scalars
      return start..<(span.isEmpty ? start : begun[span.upperBound - 1])
    }
  }

  /// The tokens that stand for any part of a range of the text's UTF-8 bytes.
  public func tokens(coveringUTF8 range: Range<Int>) -> Range<Int> {
    Self.tokens(covering: range, utf8Spans)
  }

  /// The tokens that stand for any part of a range of the text's Unicode scalars.
  public func tokens(coveringCharacters range: Range<Int>) -> Range<Int> {
    Self.tokens(covering: range, characterSpans)
  }

  private static func tokens(covering range: Range<Int>, _ spans: [Range<Int>]) -> Range<Int> {
    let covering = spans.indices.filter { spans[$0].overlaps(range) }
    return (covering.first ?? 0)..<(covering.last.map { $0 + 1 } ?? 0)
  }
}
