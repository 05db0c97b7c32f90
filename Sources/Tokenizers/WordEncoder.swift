internal import Inputs

/// Encodes the words of one text, remembering those it has seen.
struct WordEncoder {
  private let vocabulary: Vocabulary
  private let rules: MergeRules
  private var merger: WordMerger
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

  init(vocabulary: Vocabulary, rules: MergeRules, wordCount: Int) {
    self.vocabulary = vocabulary
    self.rules = rules
    merger = WordMerger(merges: rules.table)
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
    if rules.ignoresMerges, let id = vocabulary.id(of: word) {
      append(id, range)
    } else {
      try merge(word)
      var place = range.lowerBound
      for (id, length) in zip(merger.ids, merger.lengths) {
        append(Int(id), place..<place + Int(length))
        place += Int(length)
      }
    }
    seen[slot] = Seen(hash: hash, word: range, tokens: start..<ids.count)
  }

  private mutating func merge(_ word: ArraySlice<UInt8>) throws(Refusal) {
    merger.begin()
    var lastIsUnknown = false
    for byte in word {
      let symbol = rules.byteSymbols[Int(byte)]
      if symbol >= 0 {
        merger.append(symbol, length: 1)
        lastIsUnknown = false
      } else if let first = rules.fallbacks[Int(byte)].first {
        merger.append(first, length: 1)
        // The further tokens of a byte's letter stand for no byte of their own.
        for more in rules.fallbacks[Int(byte)].dropFirst() { merger.append(more, length: 0) }
        lastIsUnknown = false
      } else if let unknown = rules.unknown {
        if lastIsUnknown, rules.fusesUnknown {
          merger.lengthenLast(by: 1)
        } else {
          merger.append(unknown, length: 1)
        }
        lastIsUnknown = true
      } else {
        let name = String(byte, radix: 16, uppercase: true)
        throw Refusal(
          .model, field: "model.vocab",
          found:
            "no token for the byte 0x\(name) of \(quoted(String(decoding: word, as: UTF8.self)))",
          expected: "a vocabulary with all 256 bytes, or a text without this one")
      }
    }
    merger.merge()
  }
}
