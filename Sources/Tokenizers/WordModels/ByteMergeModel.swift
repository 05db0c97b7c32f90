internal import Inputs

/// Byte-level byte-pair encoding: GPT-2, GPT-NeoX, OLMo, Llama 3, Qwen, SmolLM and their kin.
///
/// Any text has tokens where all 256 bytes do. Radford et al., 2019.
struct ByteMergeModel: WordModel {
  let rules: MergeRules
  /// The tokens as the bytes they stand for.
  let vocabulary: Vocabulary

  var form: String { "byte-level BPE" }

  func tokenizer() -> any WordTokenizer {
    ByteMerger(rules: rules, vocabulary: vocabulary, merger: WordMerger(merges: rules.table))
  }
}

private struct ByteMerger: WordTokenizer {
  let rules: MergeRules
  let vocabulary: Vocabulary
  var merger: WordMerger

  var ids: [Int32] { merger.ids }
  var lengths: [Int32] { merger.lengths }

  mutating func encode(_ word: ArraySlice<UInt8>) throws(Refusal) {
    merger.begin()
    if rules.ignoresMerges, let id = vocabulary.id(of: word) {
      merger.append(Int32(id), length: Int32(word.count))
      return
    }
    var lastIsUnknown = false
    for (place, byte) in zip(word.indices, word) {
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
        throw noToken(for: word[place...place], in: word)
      }
    }
    merger.merge()
  }
}
