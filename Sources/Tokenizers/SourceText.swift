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

  /// An empty text, to be rewritten from another.
  init(rewriting text: SourceText) {
    scalars.reserveCapacity(text.scalars.count)
    bytes.reserveCapacity(text.bytes.count)
    byteStart.reserveCapacity(text.byteStart.count)
    origin = []
    origin?.reserveCapacity(text.scalars.count)
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
