internal import Inputs

/// The cut of a word into pieces that has the highest sum of scores: T5, XLM-R, ALBERT.
///
/// Kudo, 2018, <https://arxiv.org/abs/1804.10959>, by Viterbi's algorithm. Characters without a
/// piece score 10 less than the worst piece; a run of them is one unknown token, or bytes.
struct UnigramModel: WordModel {
  let pieces: SortedPieces
  /// The scores by id.
  let scores: [Double]
  /// The worst score of a piece.
  let worst: Double
  let unknown: Int32?
  /// What spells each byte, where all 256 tokens are there; empty where a token is missing.
  let byteTokens: [Int32]

  /// The longest piece, in bytes: at every character all pieces that begin there are tried.
  static let pieceLimit = 1024

  var form: String { "unigram" }

  func tokenizer() -> any WordTokenizer { UnigramCutter(model: self) }
}

private struct UnigramCutter: WordTokenizer {
  let model: UnigramModel
  private let unknownScore: Double
  private(set) var ids: [Int32] = []
  private(set) var lengths: [Int32] = []
  private var best: [Node] = []

  private struct Node {
    /// The token that ends here on the best way, -1 for an unknown character, -2 for none.
    var id: Int32 = -2
    var start: Int32 = 0
    var score = 0.0
  }

  init(model: UnigramModel) {
    self.model = model
    unknownScore = model.worst - 10
  }

  mutating func encode(_ word: ArraySlice<UInt8>) throws(Refusal) {
    ids.removeAll(keepingCapacity: true)
    lengths.removeAll(keepingCapacity: true)
    best.removeAll(keepingCapacity: true)
    best.append(contentsOf: repeatElement(Node(), count: word.count + 1))
    var place = 0
    while place < word.count {
      place = min(reach(from: place, of: word), word.count)
    }
    var end = word.count
    while end > 0 {
      let node = best[end]
      if node.id >= 0 {
        ids.append(node.id)
        lengths.append(Int32(end) - node.start)
        end = Int(node.start)
      } else {
        try unknown(&end, of: word)
      }
    }
    ids.reverse()
    lengths.reverse()
  }

  /// Tries all pieces from one character on; the place of the next character.
  private mutating func reach(from place: Int, of word: ArraySlice<UInt8>) -> Int {
    let score = best[place].score
    let first = word.startIndex + place
    let length = min(characterLength(word[first]), word.count - place)
    var hasSingle = false
    var walk = model.pieces.start
    var end = place
    while end < word.count, model.pieces.step(&walk, word[word.startIndex + end]) {
      end += 1
      guard let id = model.pieces.token(at: walk) else { continue }
      take(Int32(id), from: place, to: end, score: score + model.scores[id])
      if end - place == length { hasSingle = true }
    }
    if !hasSingle { take(-1, from: place, to: place + length, score: score + unknownScore) }
    return place + length
  }

  private mutating func take(_ id: Int32, from start: Int, to end: Int, score: Double) {
    guard best[end].id == -2 || score > best[end].score else { return }
    best[end] = Node(id: id, start: Int32(start), score: score)
  }

  /// Writes the run of unknown characters that ends here, backwards, and moves to its start.
  private mutating func unknown(_ end: inout Int, of word: ArraySlice<UInt8>) throws(Refusal) {
    var start = end
    while start > 0, best[start].id == -1 { start = Int(best[start].start) }
    let run = word[word.startIndex + start..<word.startIndex + end]
    if !model.byteTokens.isEmpty {
      for byte in run.reversed() {
        ids.append(model.byteTokens[Int(byte)])
        lengths.append(1)
      }
    } else if let unknown = model.unknown {
      ids.append(unknown)
      lengths.append(Int32(run.count))
    } else {
      throw noToken(for: run, in: word)
    }
    end = start
  }
}
