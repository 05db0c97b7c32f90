extension String {
  /// Where `text` first stands in this string, byte for byte, as offsets in UTF-8.
  ///
  /// Linear in both lengths, however the two are made; nil for an empty text.
  func firstUTF8Range(of text: String) -> Range<Int>? { utf8Ranges(of: text, limit: 1).first }

  /// Where `text` stands in this string, from the left and each byte once; of those the first ones.
  func utf8Ranges(of text: String, limit: Int = .max) -> [Range<Int>] {
    Array(text.utf8).ranges(in: Array(utf8), limit: limit)
  }

  /// The same by canonical equivalence, character for character: a composed accent is the decomposed
  /// one, and no character is parted.
  private func equivalentUTF8Ranges(of text: String) -> [Range<Int>] {
    let whole = Array(self)
    let found = Array(text).ranges(in: whole)
    guard let last = found.last else { return [] }
    var starts = [0]
    for character in whole[..<last.upperBound] {
      starts.append((starts.last ?? 0) + character.utf8.count)
    }
    return found.map { starts[$0.lowerBound]..<starts[$0.upperBound] }
  }

  /// Where words stand in this string: as whole words where they do so anywhere, else as parts of
  /// longer ones; by canonical equivalence, or byte for byte where only parts of characters are alike.
  func wordRanges(of text: String) -> [Range<Int>] {
    let equivalent = equivalentUTF8Ranges(of: text)
    let whole = equivalent.filter(isWhole)
    if !whole.isEmpty { return whole }
    let bytes = utf8Ranges(of: text)
    let wholeBytes = bytes.filter(isWhole)
    if !wholeBytes.isEmpty { return wholeBytes }
    return equivalent.isEmpty ? bytes : equivalent
  }

  /// Whether bytes of this string begin or end in a script whose words have no blanks between them.
  func hasNoBlanks(at range: Range<Int>) -> Bool {
    let start = utf8.index(startIndex, offsetBy: range.lowerBound)
    let end = utf8.index(startIndex, offsetBy: range.upperBound)
    let inner = unicodeScalars[start..<end]
    return [inner.first, inner.last].contains { $0.map(AnswerSpacing.hasNoBlanks) ?? false }
  }

  /// Whether bytes of this string, whole characters, neither begin nor end within a word.
  package func isWhole(_ range: Range<Int>) -> Bool {
    func isLetter(_ scalar: Unicode.Scalar?) -> Bool {
      scalar.map(AnswerSpacing.isWord) ?? false
    }
    let start = utf8.index(startIndex, offsetBy: range.lowerBound)
    let end = utf8.index(startIndex, offsetBy: range.upperBound)
    let inner = unicodeScalars[start..<end]
    return !(isLetter(unicodeScalars[..<start].last) && isLetter(inner.first))
      && !(isLetter(inner.last) && isLetter(unicodeScalars[end...].first))
  }
}

extension Array where Element: Equatable {
  /// Where this list stands in another, from the left and each element once; of those the first ones.
  ///
  /// Knuth, Morris and Pratt, 1977, <https://doi.org/10.1137/0206024>.
  fileprivate func ranges(in whole: [Element], limit: Int = .max) -> [Range<Int>] {
    guard !isEmpty, count <= whole.count else { return [] }
    // fallback[i]: how many elements match this list's own that end at i, the whole apart.
    var fallback = [Int](repeating: 0, count: count)
    var matched = 0
    for i in 1..<Swift.max(1, count) {
      while matched > 0, self[i] != self[matched] { matched = fallback[matched - 1] }
      if self[i] == self[matched] { matched += 1 }
      fallback[i] = matched
    }
    matched = 0
    var found: [Range<Int>] = []
    for (i, element) in whole.enumerated() {
      while matched > 0, element != self[matched] { matched = fallback[matched - 1] }
      if element == self[matched] { matched += 1 }
      guard matched == count else { continue }
      found.append(i + 1 - matched..<i + 1)
      if found.count == limit { break }
      matched = 0
    }
    return found
  }
}
