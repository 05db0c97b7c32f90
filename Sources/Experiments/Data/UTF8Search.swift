extension String {
  /// Where `text` first stands in this string, byte for byte, as offsets in UTF-8.
  ///
  /// Linear in both lengths, however the two are made; nil for an empty text.
  /// Knuth, Morris and Pratt, 1977, <https://doi.org/10.1137/0206024>.
  func firstUTF8Range(of text: String) -> Range<Int>? {
    let (whole, part) = (Array(utf8), Array(text.utf8))
    guard !part.isEmpty, part.count <= whole.count else { return nil }
    // fallback[i]: how many bytes of the part match its own bytes that end at i, the whole apart.
    var fallback = [Int](repeating: 0, count: part.count)
    var matched = 0
    for i in 1..<max(1, part.count) {
      while matched > 0, part[i] != part[matched] { matched = fallback[matched - 1] }
      if part[i] == part[matched] { matched += 1 }
      fallback[i] = matched
    }
    matched = 0
    for (i, byte) in whole.enumerated() {
      while matched > 0, byte != part[matched] { matched = fallback[matched - 1] }
      if byte == part[matched] { matched += 1 }
      if matched == part.count { return i + 1 - matched..<i + 1 }
    }
    return nil
  }
}
