internal import Inputs

/// A token for each word that is in the vocabulary, and one for all others.
struct WordLevelModel: WordModel {
  let pieces: Vocabulary
  let unknown: Int32?

  var form: String { "words" }

  func tokenizer() -> any WordTokenizer { WordFinder(model: self) }
}

private struct WordFinder: WordTokenizer {
  let model: WordLevelModel
  private(set) var ids: [Int32] = []
  private(set) var lengths: [Int32] = []

  init(model: WordLevelModel) { self.model = model }

  mutating func encode(_ word: ArraySlice<UInt8>) throws(Refusal) {
    guard let id = model.pieces.id(of: word).map({ Int32($0) }) ?? model.unknown else {
      throw noToken(for: word, in: word)
    }
    ids = [id]
    lengths = [Int32(word.count)]
  }
}
