extension String {
  /// Where `text` first stands in this string, byte for byte, as offsets in UTF-8.
  ///
  /// Linear in both lengths, however the two are made; nil for an empty text.
  /// Knuth, Morris and Pratt, 1977, <https://doi.org/10.1137/0206024>.
  func firstUTF8Range(of text: String) -> Range<Int>? { utf8Ranges(of: text, limit: 1).first }

  /// Where `text` stands in this string, from the left and each byte once; of those the first ones.
  func utf8Ranges(of text: String, limit: Int = .max) -> [Range<Int>] {
    let (whole, part) = (Array(utf8), Array(text.utf8))
    guard !part.isEmpty, part.count <= whole.count else { return [] }
    // fallback[i]: how many bytes of the part match its own bytes that end at i, the whole apart.
    var fallback = [Int](repeating: 0, count: part.count)
    var matched = 0
    for i in 1..<max(1, part.count) {
      while matched > 0, part[i] != part[matched] { matched = fallback[matched - 1] }
      if part[i] == part[matched] { matched += 1 }
      fallback[i] = matched
    }
    matched = 0
    var found: [Range<Int>] = []
    for (i, byte) in whole.enumerated() {
      while matched > 0, byte != part[matched] { matched = fallback[matched - 1] }
      if byte == part[matched] { matched += 1 }
      guard matched == part.count else { continue }
      found.append(i + 1 - matched..<i + 1)
      if found.count == limit { break }
      matched = 0
    }
    return found
  }

  /// Whether bytes of this string, whole characters, neither begin nor end within a word.
  func isWhole(_ range: Range<Int>) -> Bool {
    func isLetter(_ scalar: Unicode.Scalar?) -> Bool {
      scalar.map { $0.properties.isAlphabetic || $0.properties.numericType != nil } ?? false
    }
    let start = utf8.index(startIndex, offsetBy: range.lowerBound)
    let end = utf8.index(startIndex, offsetBy: range.upperBound)
    let inner = unicodeScalars[start..<end]
    return !(isLetter(unicodeScalars[..<start].last) && isLetter(inner.first))
      && !(isLetter(inner.last) && isLetter(unicodeScalars[end...].first))
  }
}
