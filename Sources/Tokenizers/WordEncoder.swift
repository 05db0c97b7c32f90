internal import Inputs

/// Encodes the words of one text, remembering those it has seen.
struct WordEncoder {
  private var words: any WordTokenizer
  private(set) var ids: [Int] = []
  private(set) var spans: [Range<Int>] = []

  /// A word that was encoded, and where its tokens are in `ids`.
  private struct Seen {
    var hash: UInt64 = 0
    var word = 0..<0
    var tokens = 0..<0
  }
  /// One word a slot; a newer one takes the place of an older.
  private var seen: [Seen]

  private static let seenLimit = 1 << 15

  init(_ model: any WordModel, wordCount: Int) {
    words = model.tokenizer()
    var slots = 1
    while slots < min(wordCount, Self.seenLimit) { slots *= 2 }
    seen = Array(repeating: Seen(), count: slots)
  }

  mutating func append(_ id: Int, _ span: Range<Int>) {
    ids.append(id)
    spans.append(span)
  }

  /// Encodes the word that stands at `range`.
  mutating func encode(_ range: Range<Int>, of bytes: [UInt8]) throws(Refusal) {
    guard !range.isEmpty else { return }
    let word = bytes[range]
    let hash = hash(word)
    let slot = Int(truncatingIfNeeded: hash >> 40) & (seen.count - 1)
    let known = seen[slot]
    if known.hash == hash, known.word.count == range.count, bytes[known.word] == word {
      let shift = range.lowerBound - known.word.lowerBound
      for place in known.tokens {
        let span = spans[place]
        append(ids[place], span.lowerBound + shift..<span.upperBound + shift)
      }
      return
    }
    let start = ids.count
    try words.encode(word)
    var place = range.lowerBound
    for (id, length) in zip(words.ids, words.lengths) {
      append(Int(id), place..<place + Int(length))
      place += Int(length)
    }
    seen[slot] = Seen(hash: hash, word: range, tokens: start..<ids.count)
  }
}
