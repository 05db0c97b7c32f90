internal import Inputs

/// SentencePiece's byte-pair encoding: of all neighbours that are a piece together, the piece of the
/// highest score is made first, leftmost of equals.
///
/// Kudo and Richardson, 2018, <https://arxiv.org/abs/1808.06226>; `bpe_model.cc`.
struct ScoredMergeModel: WordModel {
  enum Kind: Sendable {
    case plain
    /// Is made on the way, and taken apart again at the end.
    case unused
    /// Is never made of text: control tokens, the unknown one, bytes.
    case never
  }

  let pieces: Vocabulary
  let scores: [Float]
  let kinds: [Kind]
  /// What spells each byte of a character without a piece, or -1.
  let byteTokens: [Int32]
  let unknown: Int32?
  /// The bytes of the longest piece.
  let longest: Int
  /// Whether merging begins with bytes, and a word that is a piece is that piece: tiktoken's ranks.
  var isOverBytes = false

  var form: String { isOverBytes ? "tiktoken BPE" : "SentencePiece BPE" }

  /// The piece that is exactly these bytes.
  func piece(_ bytes: ArraySlice<UInt8>) -> Int32? {
    guard bytes.count <= longest, let id = pieces.id(of: bytes), kinds[id] != .never else {
      return nil
    }
    return Int32(id)
  }

  func tokenizer() -> any WordTokenizer { ScoredMerger(model: self) }
}

private struct ScoredMerger: WordTokenizer {
  let model: ScoredMergeModel
  private(set) var ids: [Int32] = []
  private(set) var lengths: [Int32] = []
  private var symbols: [Symbol] = []
  private var heap = MinimumHeap()
  /// How unused pieces were made: the bytes of the left part.
  private var leftParts: [Int32: Int] = [:]

  private struct Symbol {
    var start: Int
    /// Where it ends; its start once it is part of another.
    var end: Int
    var previous: Int
    var next: Int
  }

  init(model: ScoredMergeModel) { self.model = model }

  mutating func encode(_ word: ArraySlice<UInt8>) throws(Refusal) {
    ids.removeAll(keepingCapacity: true)
    lengths.removeAll(keepingCapacity: true)
    symbols.removeAll(keepingCapacity: true)
    leftParts.removeAll(keepingCapacity: true)
    heap.removeAll()
    if model.isOverBytes, let id = model.piece(word) {
      append(id, word.count)
      return
    }
    var place = word.startIndex
    while place < word.endIndex {
      let length = model.isOverBytes ? 1 : characterLength(word[place])
      let end = min(place + length, word.endIndex)
      symbols.append(
        Symbol(start: place, end: end, previous: symbols.count - 1, next: symbols.count + 1))
      place = end
    }
    for left in symbols.indices { push(left, of: word) }
    while let (key, id) = heap.popMinimum() { merge(Int(key & 0xFFFF_FFFF), into: id, of: word) }
    var symbol = 0
    while symbol < symbols.count {
      try emit(word[symbols[symbol].start..<symbols[symbol].end], of: word)
      symbol = symbols[symbol].next
    }
  }

  private func whole(_ left: Int, of word: ArraySlice<UInt8>) -> Int32? {
    let right = symbols[left].next
    guard right < symbols.count else { return nil }
    return model.piece(word[symbols[left].start..<symbols[right].end])
  }

  private mutating func push(_ left: Int, of word: ArraySlice<UInt8>) {
    guard let id = whole(left, of: word) else { return }
    // Bits of floating-point numbers are ordered as integers once the sign is taken care of; here
    // the highest comes first. Adding zero makes one zero of two.
    let bits = (model.scores[Int(id)] + 0).bitPattern
    let rank = bits & 0x8000_0000 != 0 ? bits : ~bits & 0x7FFF_FFFF
    heap.insert(UInt64(rank) << 32 | UInt64(left), UInt32(bitPattern: id))
    if model.kinds[Int(id)] == .unused {
      leftParts[id] = symbols[left].end - symbols[left].start
    }
  }

  private mutating func merge(_ left: Int, into id: UInt32, of word: ArraySlice<UInt8>) {
    // A symbol that changed since it was pushed is another piece with its neighbour, or none.
    guard symbols[left].end > symbols[left].start,
      let found = whole(left, of: word), UInt32(bitPattern: found) == id
    else { return }
    let right = symbols[left].next
    symbols[left].end = symbols[right].end
    symbols[left].next = symbols[right].next
    symbols[right].end = symbols[right].start
    if symbols[right].next < symbols.count { symbols[symbols[right].next].previous = left }
    push(left, of: word)
    if symbols[left].previous >= 0 { push(symbols[left].previous, of: word) }
  }

  /// Writes a symbol, or its parts where the piece is unused.
  private mutating func emit(_ part: ArraySlice<UInt8>, of word: ArraySlice<UInt8>) throws(Refusal)
  {
    var parts = [part]
    while let part = parts.popLast() {
      let id = model.piece(part)
      if let id, model.kinds[Int(id)] == .unused, let left = leftParts[id], left < part.count {
        let middle = part.startIndex + left
        parts.append(part[middle...])
        parts.append(part[..<middle])
      } else if let id {
        append(id, part.count)
      } else {
        try spell(part, of: word)
      }
    }
  }

  private mutating func append(_ id: Int32, _ length: Int) {
    ids.append(id)
    lengths.append(Int32(length))
  }

  private mutating func spell(_ part: ArraySlice<UInt8>, of word: ArraySlice<UInt8>) throws(Refusal)
  {
    let spelled = part.map { model.byteTokens[Int($0)] }
    if !spelled.contains(where: { $0 < 0 }) {
      for id in spelled { append(id, 1) }
    } else if let unknown = model.unknown {
      append(unknown, part.count)
    } else {
      throw noToken(for: part, in: word)
    }
  }
}
