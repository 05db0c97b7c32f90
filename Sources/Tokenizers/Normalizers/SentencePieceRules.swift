/// What SentencePiece makes of a text before it looks for pieces: `normalizer_spec`.
///
/// Kudo and Richardson, 2018, <https://arxiv.org/abs/1808.06226>, section 3; `normalizer.cc`.
struct SentencePieceRules: Sendable {
  var charsMap: CharsMap?
  /// Puts a blank in front of each text.
  var addsPrefix = true
  /// Makes one blank of many, and none at the ends.
  var removesBlanks = false

  /// U+2581, which stands for a blank in pieces.
  static let blank: Unicode.Scalar = "\u{2581}"

  func rewrite(_ range: Range<Int>, of text: SourceText, into result: inout SourceText) {
    var writer = Writer(keepsEveryBlank: !removesBlanks)
    var place = range.lowerBound
    while place < range.upperBound {
      let rest = text.bytes[text.byteStart[place]..<text.byteStart[range.upperBound]]
      var end = place + 1
      if let (length, new) = charsMap?.longest(rest) {
        // A key ends where a scalar does, or it matches a little of the next one too.
        while text.byteStart[end] < text.byteStart[place] + length { end += 1 }
        writer.append(Array(String(decoding: new, as: UTF8.self).unicodeScalars), place..<end)
      } else if let scalar = Unicode.Scalar(text.scalars[place]) {
        writer.append([scalar], place..<end)
      }
      place = end
    }
    if removesBlanks { writer.dropLastBlanks() }
    guard let first = writer.written.first else { return }
    if addsPrefix { result.append(Self.blank, from: text.source(of: first.place.lowerBound)) }
    for (scalar, place) in writer.written { result.append(scalar, from: text.source(of: place)) }
  }

  private struct Writer {
    var written: [(scalar: Unicode.Scalar, place: Range<Int>)] = []
    let keepsEveryBlank: Bool

    private var isAfterBlank = true

    init(keepsEveryBlank: Bool) { self.keepsEveryBlank = keepsEveryBlank }

    mutating func append(_ scalars: [Unicode.Scalar], _ place: Range<Int>) {
      let new = keepsEveryBlank || !isAfterBlank ? scalars[...] : scalars.drop { $0 == " " }
      if let last = new.last { isAfterBlank = last == " " }
      for scalar in new { written.append((scalar == " " ? blank : scalar, place)) }
    }

    mutating func dropLastBlanks() {
      while written.last?.scalar == blank { written.removeLast() }
    }
  }
}
