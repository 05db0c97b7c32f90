/// A token that is found in the text as it stands, before anything is cut or merged.
struct AddedToken: Sendable {
  var id: Int
  var content: String
  /// Stands for no text of its own, such as an end of text.
  var isSpecial: Bool
  /// Takes the white space before it.
  var stripsLeft = false
  /// Takes the white space after it.
  var stripsRight = false
  /// Is looked for after normalization rather than before.
  var isNormalized = false
  /// Is found only where no letter, digit or underscore is beside it.
  var isSingleWord = false
}

/// Finds added tokens: the leftmost first, and of those that begin there the longest.
struct AddedTokenFinder: Sendable {
  private let tokens: [AddedToken]
  /// The trie: (node, scalar) to node.
  private var edges = PairTable(capacity: 64)
  /// The token that ends at each node, or -1.
  private var ends: [Int32] = [-1]
  private var firstScalars: Set<UInt32> = []

  init(_ tokens: [AddedToken]) {
    self.tokens = tokens
    for (place, token) in tokens.enumerated() {
      var node: Int32 = 0
      for scalar in token.content.unicodeScalars {
        let letter = Int32(bitPattern: scalar.value)
        if let known = edges.value(node, letter) {
          node = Int32(truncatingIfNeeded: known)
        } else {
          edges.set(node, letter, to: UInt64(ends.count))
          node = Int32(ends.count)
          ends.append(-1)
        }
      }
      // An empty token would be found everywhere; of two alike the last one listed counts.
      if node != 0 { ends[Int(node)] = Int32(place) }
      if let first = token.content.unicodeScalars.first { firstScalars.insert(first.value) }
    }
  }

  var isEmpty: Bool { tokens.isEmpty }

  /// Cuts the added tokens out of the pieces that are plain text.
  func split(_ pieces: [Piece], of text: [UInt32]) -> [Piece] {
    guard !isEmpty else { return pieces }
    var result: [Piece] = []
    for piece in pieces {
      if piece.id >= 0 { result.append(piece) } else { split(piece.range, text, into: &result) }
    }
    return result
  }

  private func split(_ range: Range<Int>, _ text: [UInt32], into result: inout [Piece]) {
    let table = ScalarTable.codes
    func isWord(_ place: Int) -> Bool {
      range.contains(place) && ScalarTable.isWord(ScalarTable.code(of: text[place], in: table))
    }
    func isSpace(_ place: Int) -> Bool {
      ScalarTable.code(of: text[place], in: table) & ScalarTable.whiteSpace != 0
    }
    var done = range.lowerBound
    var place = done
    while place < range.upperBound {
      guard firstScalars.contains(text[place]),
        let (token, length) = longest(at: place, before: range.upperBound, in: text)
      else {
        place += 1
        continue
      }
      var (start, end) = (place, place + length)
      place = end
      if token.isSingleWord, isWord(start - 1) || isWord(end) { continue }
      if token.stripsLeft { while start > done, isSpace(start - 1) { start -= 1 } }
      if token.stripsRight { while end < range.upperBound, isSpace(end) { end += 1 } }
      if done < start { result.append(Piece(range: done..<start)) }
      result.append(Piece(range: start..<end, id: token.id))
      (done, place) = (end, end)
    }
    if done < range.upperBound { result.append(Piece(range: done..<range.upperBound)) }
  }

  private func longest(
    at start: Int, before end: Int, in text: [UInt32]
  ) -> (AddedToken, length: Int)? {
    var node: Int32 = 0
    var best: (AddedToken, Int)?
    for place in start..<end {
      guard let next = edges.value(node, Int32(bitPattern: text[place])) else { break }
      node = Int32(truncatingIfNeeded: next)
      if ends[Int(node)] >= 0 { best = (tokens[Int(ends[Int(node)])], place - start + 1) }
    }
    return best
  }
}
