internal import Inputs
internal import ResultsStore

/// The elements of one file of an array, of any of the types that results have.
enum ArrayValues: Sendable {
  case integers([Int32])
  case bytes([UInt8])
  case floats([Float])
  case texts([String])

  /// Writes the file unless it is there with these very bytes.
  func write(to array: ZarrArray, at index: [Int], by files: FileWriter) throws(Refusal) {
    let bytes: [UInt8] =
      switch self {
      case .integers(let values): try array.bytes(chunk: index, values)
      case .bytes(let values): try array.bytes(chunk: index, values)
      case .floats(let values): try array.bytes(chunk: index, values)
      case .texts(let values): try array.bytes(chunk: index, values)
      }
    guard try array.digest(ofFile: index) != Digest.of(bytes) else { return }
    try array.write(bytes, file: index, by: files)
  }

  /// The first place where two lists differ, bit for bit, with both values in words; nil where they
  /// are the same.
  func difference(from other: ArrayValues) -> (place: Int, mine: String, others: String)? {
    func first<T>(_ a: [T], _ b: [T], _ same: (T, T) -> Bool) -> (Int, String, String)? {
      let place = zip(a, b).enumerated().first { !same($0.element.0, $0.element.1) }?.offset
      if let place { return (place, "\(a[place])", "\(b[place])") }
      return a.count == b.count ? nil : (min(a.count, b.count), "\(a.count)", "\(b.count)")
    }
    return switch (self, other) {
    case (.integers(let a), .integers(let b)): first(a, b, ==)
    case (.bytes(let a), .bytes(let b)): first(a, b, ==)
    case (.texts(let a), .texts(let b)):
      first(a.map { quoted($0) }, b.map { quoted($0) }) { $0.utf8.elementsEqual($1.utf8) }
    case (.floats(let a), .floats(let b)):
      // A value that is none is stored as one bit pattern or another.
      first(a, b) { $0.bitPattern == $1.bitPattern || $0.isNaN && $1.isNaN }
    default: (0, "another type", "its own")
    }
  }
}
