internal import Inputs

/// The longest piece that a word begins with, then the longest that goes on: BERT and its kin.
///
/// Devlin et al., 2018, <https://arxiv.org/abs/1810.04805>. A word that cannot be cut so is unknown
/// as a whole.
struct WordPieceModel: WordModel {
  let pieces: SortedPieces
  let unknown: Int32?
  /// Begins the pieces that go on: `##`.
  var continuation = Array("##".utf8)
  /// Longer words are unknown, in characters.
  var longestWord = 100

  var form: String { "WordPiece" }

  func tokenizer() -> any WordTokenizer { WordPieceCutter(model: self) }
}

private struct WordPieceCutter: WordTokenizer {
  let model: WordPieceModel
  private let inside: SortedPieces.Walk?
  private(set) var ids: [Int32] = []
  private(set) var lengths: [Int32] = []

  init(model: WordPieceModel) {
    self.model = model
    var walk = model.pieces.start
    inside = model.continuation.allSatisfy { model.pieces.step(&walk, $0) } ? walk : nil
  }

  mutating func encode(_ word: ArraySlice<UInt8>) throws(Refusal) {
    ids.removeAll(keepingCapacity: true)
    lengths.removeAll(keepingCapacity: true)
    if word.count(where: { $0 & 0xC0 != 0x80 }) <= model.longestWord, cut(word) { return }
    guard let unknown = model.unknown else { throw noToken(for: word, in: word) }
    ids = [unknown]
    lengths = [Int32(word.count)]
  }

  private mutating func cut(_ word: ArraySlice<UInt8>) -> Bool {
    var place = word.startIndex
    while place < word.endIndex {
      guard var walk = place == word.startIndex ? model.pieces.start : inside else { return false }
      var found: (id: Int, end: Int)?
      var end = place
      while end < word.endIndex, model.pieces.step(&walk, word[end]) {
        end += 1
        if let id = model.pieces.token(at: walk) { found = (id, end) }
      }
      guard let found else { return false }
      ids.append(Int32(found.id))
      lengths.append(Int32(found.end - place))
      place = found.end
    }
    return true
  }
}
