package import Inputs
internal import Models
package import Prompts

/// Takes the longest of its words at each place, a byte where none fits: ids below 256 are bytes.
package struct WordTokenizer: PromptTokenizer {
  package let words: [String]

  package init(words: [String]) { self.words = words }

  package var count: Int { 256 + words.count }

  package func encodeWithOffsets(_ text: String) -> [(id: Int, utf8Range: Range<Int>)] {
    let bytes = Array(text.utf8)
    var result: [(id: Int, utf8Range: Range<Int>)] = []
    var at = 0
    while at < bytes.count {
      let fits = words.indices.filter { bytes[at...].starts(with: words[$0].utf8) }
      let best = fits.max { words[$0].utf8.count < words[$1].utf8.count }
      let length = best.map { words[$0].utf8.count } ?? 1
      result.append((best.map { 256 + $0 } ?? Int(bytes[at]), at..<at + length))
      at += length
    }
    return result
  }

  package func token(_ id: Int) -> String? {
    guard (0..<count).contains(id) else { return nil }
    return id < 256 ? String(decoding: [UInt8(id)], as: UTF8.self) : words[id - 256]
  }

  package func decode(_ ids: [Int]) -> String {
    String(
      decoding: ids.flatMap { $0 < 256 ? [UInt8($0)] : Array(words[$0 - 256].utf8) },
      as: UTF8.self)
  }
}

/// Prompts of a file.
package func written(
  _ text: String, _ form: PromptForm, file: String = "facts.json"
) throws(Refusal) -> [WrittenPrompt] {
  try form.load(Array(text.utf8), file: file)
}

/// Of a model whose vocabulary is the tokenizer's.
package func resolver(_ tokenizer: some PromptTokenizer, positions: Int? = nil) -> PromptResolver {
  PromptResolver(
    tokenizer,
    PromptLimits(
      InputLimits(vocabulary: tokenizer.count, width: 4, positions: positions),
      answers: tokenizer.count, model: "tiny"))
}
