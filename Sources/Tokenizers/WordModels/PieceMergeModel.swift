internal import Inputs

/// Byte-pair encoding over characters, by merges: Llama, Mistral and Gemma as `tokenizer.json`.
///
/// Sennrich et al., 2016, <https://arxiv.org/abs/1508.07909>.
struct PieceMergeModel: WordModel {
  let rules: MergeRules
  /// The tokens as the file writes them.
  let pieces: Vocabulary
  /// What spells each byte of a character without a token, or -1; empty where nothing does.
  var byteTokens: [Int32] = []
  /// Ends the last character of a word, as `</w>`.
  var wordEnd: [UInt8] = []

  var form: String { "BPE" }

  func tokenizer() -> any WordTokenizer {
    PieceMerger(model: self, merger: WordMerger(merges: rules.table))
  }
}

private struct PieceMerger: WordTokenizer {
  let model: PieceMergeModel
  var merger: WordMerger

  var ids: [Int32] { merger.ids }
  var lengths: [Int32] { merger.lengths }

  mutating func encode(_ word: ArraySlice<UInt8>) throws(Refusal) {
    merger.begin()
    if model.rules.ignoresMerges, let id = model.pieces.id(of: word) {
      merger.append(Int32(id), length: Int32(word.count))
      return
    }
    var lastIsUnknown = false
    var place = word.startIndex
    while place < word.endIndex {
      let end = min(place + characterLength(word[place]), word.endIndex)
      defer { place = end }
      if let id = symbol(word[place..<end], of: word) {
        merger.append(Int32(id), length: Int32(end - place))
        lastIsUnknown = false
      } else if let spelled = spelling(word[place..<end]) {
        for id in spelled { merger.append(id, length: 1) }
        lastIsUnknown = false
      } else if let unknown = model.rules.unknown {
        if lastIsUnknown, model.rules.fusesUnknown {
          merger.lengthenLast(by: Int32(end - place))
        } else {
          merger.append(unknown, length: Int32(end - place))
        }
        lastIsUnknown = true
      } else {
        throw noToken(for: word[place..<end], in: word)
      }
    }
    merger.merge()
  }

  private func symbol(_ character: ArraySlice<UInt8>, of word: ArraySlice<UInt8>) -> Int? {
    let isInside = character.startIndex > word.startIndex && !model.rules.continuation.isEmpty
    let isLast = character.endIndex == word.endIndex && !model.wordEnd.isEmpty
    guard isInside || isLast else { return model.pieces.id(of: character) }
    let whole =
      (isInside ? model.rules.continuation : []) + character + (isLast ? model.wordEnd : [])
    return model.pieces.id(of: whole[...])
  }

  private func spelling(_ character: ArraySlice<UInt8>) -> [Int32]? {
    guard !model.byteTokens.isEmpty else { return nil }
    let ids = character.map { model.byteTokens[Int($0)] }
    return ids.contains { $0 < 0 } ? nil : ids
  }
}
