/// A text on its way to tokens: its scalars, their bytes, and where in the input each came from.
struct SourceText {
  private(set) var scalars: [UInt32] = []
  /// The text in UTF-8.
  private(set) var bytes: [UInt8] = []
  /// The place in `bytes` of each scalar's first byte, and the end.
  private(set) var byteStart: [Int] = [0]
  /// The bytes of the input that each scalar stands for; nil while the text is the input.
  private(set) var origin: [Range<Int>]?

  init(_ input: String) {
    bytes = Array(input.utf8)
    scalars.reserveCapacity(bytes.count)
    byteStart.reserveCapacity(bytes.count + 1)
    for scalar in input.unicodeScalars {
      scalars.append(scalar.value)
      byteStart.append(byteStart[byteStart.count - 1] + UTF8.width(scalar))
    }
  }

  /// An empty text, to be rewritten from another, or from a part of it.
  init(rewriting text: SourceText, _ range: Range<Int>? = nil) {
    let count = range?.count ?? text.scalars.count
    scalars.reserveCapacity(count)
    bytes.reserveCapacity(range == nil ? text.bytes.count : count)
    byteStart.reserveCapacity(count + 1)
    origin = []
    origin?.reserveCapacity(count)
  }

  mutating func append(_ scalar: Unicode.Scalar, from source: Range<Int>) {
    scalars.append(scalar.value)
    for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter { bytes.append(byte) }
    byteStart.append(bytes.count)
    origin?.append(source)
  }

  /// Adds a stretch of another text as it is.
  mutating func append(_ stretch: Range<Int>, of text: SourceText) {
    let shift = bytes.count - text.byteStart[stretch.lowerBound]
    scalars += text.scalars[stretch]
    bytes += text.bytes[text.bytes(of: stretch)]
    for place in stretch {
      byteStart.append(text.byteStart[place + 1] + shift)
      origin?.append(text.source(of: place))
    }
  }

  /// The bytes of a range of scalars.
  func bytes(of range: Range<Int>) -> Range<Int> {
    byteStart[range.lowerBound]..<byteStart[range.upperBound]
  }

  /// The scalar that a byte belongs to; the number of scalars for the end.
  func scalar(at byte: Int) -> Int {
    var (low, high) = (0, scalars.count)
    while low < high {
      let middle = (low + high) / 2
      if byteStart[middle + 1] <= byte { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The scalars that bytes belong to.
  func scalars(of bytes: Range<Int>) -> Range<Int> {
    let first = scalar(at: bytes.lowerBound)
    return first..<(bytes.isEmpty ? first : scalar(at: bytes.upperBound - 1) + 1)
  }

  /// The bytes of the input that some scalars stand for; an empty range of them stands for none.
  func source(of range: Range<Int>) -> Range<Int> {
    guard !range.isEmpty else {
      let place = range.lowerBound < scalars.count ? source(of: range.lowerBound).lowerBound : 0
      return place..<place
    }
    let (first, last) = (source(of: range.lowerBound), source(of: range.upperBound - 1))
    return min(first.lowerBound, last.lowerBound)..<max(first.upperBound, last.upperBound)
  }

  /// Puts scalars in front of one of another text, whose place they share.
  mutating func insert(_ new: [Unicode.Scalar], before place: Int, of text: SourceText) {
    for scalar in new { append(scalar, from: text.source(of: place)) }
  }

  /// What a scalar is; see `ScalarTable`.
  func code(at place: Int) -> UInt8 {
    ScalarTable.code(of: scalars[place], in: ScalarTable.codes)
  }

  func isSpace(at place: Int) -> Bool { code(at: place) & ScalarTable.whiteSpace != 0 }

  /// The bytes of the input that a scalar stands for.
  func source(of scalar: Int) -> Range<Int> {
    origin.map { $0[scalar] } ?? byteStart[scalar]..<byteStart[scalar + 1]
  }
}

/// A stretch of a text: a word to be cut into tokens, or an added token that was found there.
struct Piece {
  var range: Range<Int>
  /// The added token, or -1.
  var id = -1
}
