internal import Inputs

/// A compiled table of replacements, as SentencePiece models carry it: `precompiled_charsmap`.
///
/// Four bytes of size, a double array of that size (Yata's Darts-clone: offset, label and a leaf's
/// mark in 32 bits), then the replacements, each ended by a zero byte.
struct CharsMap: Sendable {
  private let units: [UInt32]
  /// The replacements, the last of them ended too.
  private let texts: [UInt8]

  /// - Parameter refusal: Makes the refusal from what was found.
  init(_ blob: [UInt8], refusal: (_ found: String) -> Refusal) throws(Refusal) {
    guard blob.count >= 4 else { throw refusal("\(blob.count) bytes, too short for its size") }
    func unit(_ place: Int) -> UInt32 {
      (0..<4).reduce(0) { $0 | UInt32(blob[place + $1]) << UInt32(8 * $1) }
    }
    let size = Int(unit(0))
    guard size % 4 == 0, size > 0, size < blob.count - 4 else {
      throw refusal("a table of \(size) bytes in \(blob.count)")
    }
    units = stride(from: 4, to: 4 + size, by: 4).map(unit)
    texts = Array(blob[(4 + size)...])
    guard texts.last == 0 else { throw refusal("a last replacement without its end") }
    // The root is stepped from whatever its mark is; leaves never are.
    for (place, unit) in units.enumerated() where place == 0 || unit & 0x8000_0000 == 0 {
      // Whatever byte comes next, its unit is in the same block of 256.
      let next = place ^ Self.offset(unit)
      guard next | 0xFF < units.count else {
        throw refusal("a step from \(place) to \(next) of \(units.count)")
      }
      if unit & 0x100 != 0, Int(units[next] & 0x7FFF_FFFF) >= texts.count {
        throw refusal("a replacement at \(units[next] & 0x7FFF_FFFF) of \(texts.count) bytes")
      }
    }
  }

  private static func offset(_ unit: UInt32) -> Int {
    Int(unit >> 10) << Int((unit & 0x200) >> 6)
  }

  /// The keys that the bytes begin with, the shortest first: how long each is, and its replacement.
  private func matches(
    _ bytes: ArraySlice<UInt8>, _ body: (_ length: Int, _ text: Int) -> Bool
  ) {
    var node = Self.offset(units[0])
    for (place, byte) in bytes.enumerated() {
      node ^= Int(byte)
      let unit = units[node]
      guard unit & 0x8000_00FF == UInt32(byte) else { return }
      node ^= Self.offset(unit)
      if unit & 0x100 != 0, !body(place + 1, Int(units[node] & 0x7FFF_FFFF)) { return }
    }
  }

  private func text(at place: Int) -> ArraySlice<UInt8> {
    texts[place..<(texts[place...].firstIndex(of: 0) ?? place)]
  }

  /// The longest key that the bytes begin with, as SentencePiece looks.
  func longest(_ bytes: ArraySlice<UInt8>) -> (length: Int, text: ArraySlice<UInt8>)? {
    var best: (Int, Int)?
    matches(bytes) { length, text in
      best = (length, text)
      return true
    }
    return best.map { ($0, text(at: $1)) }
  }

  /// The shortest key that the bytes begin with, as the `tokenizers` library looks.
  private func shortest(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    var best: Int?
    matches(bytes) { _, text in
      best = text
      return false
    }
    return best.map { text(at: $0) }
  }

  /// Rewrites a text as `Precompiled` does: small grapheme clusters as a whole where they have a
  /// replacement, else scalar by scalar.
  func rewriteGraphemes(
    _ range: Range<Int>, of text: SourceText, into result: inout SourceText
  ) {
    func replace(_ part: Range<Int>) -> Bool {
      guard let new = shortest(text.bytes[text.bytes(of: part)]) else { return false }
      let source = text.source(of: part)
      for scalar in String(decoding: new, as: UTF8.self).unicodeScalars {
        result.append(scalar, from: source)
      }
      return true
    }
    var start = range.lowerBound
    for character in String(decoding: text.bytes[text.bytes(of: range)], as: UTF8.self) {
      let part = start..<start + character.unicodeScalars.count
      start = part.upperBound
      if text.bytes(of: part).count < 6, replace(part) { continue }
      for place in part where !replace(place..<place + 1) {
        result.append(place..<place + 1, of: text)
      }
    }
  }
}
