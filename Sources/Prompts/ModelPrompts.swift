package import Inputs
package import Tokenizers

/// A tokenizer as prompts see it: its ids are the model's.
package struct ModelPrompts: PromptTokenizer {
  private let tokenizer: (any Tokenizer)?
  private let model: String
  /// Whether prompts get the tokens that the tokenizer puts around them.
  private let addsSpecialTokens: Bool
  package let count: Int

  /// - Parameter model: The model's path, for the refusal where it has no tokenizer.
  package init(
    _ tokenizer: (any Tokenizer)?, vocabulary: Int, model: String, addsSpecialTokens: Bool = true
  ) {
    self.tokenizer = tokenizer
    self.addsSpecialTokens = addsSpecialTokens
    self.model = model
    count = vocabulary
  }

  package func encodeWithOffsets(
    _ text: String
  ) throws(Refusal) -> [(id: Int, utf8Range: Range<Int>)] {
    try encoded(text, addingSpecialTokens: false)
  }

  package func promptWithOffsets(
    _ text: String
  ) throws(Refusal) -> [(id: Int, utf8Range: Range<Int>)] {
    try encoded(text, addingSpecialTokens: addsSpecialTokens)
  }

  private func encoded(
    _ text: String, addingSpecialTokens: Bool
  ) throws(Refusal) -> [(id: Int, utf8Range: Range<Int>)] {
    guard let tokenizer else {
      throw Refusal(
        .model, file: model, found: "a text, and no tokenizer",
        expected: "token ids, or model.tokenizer in the job, or a model that has its tokenizer")
    }
    let encoding = try tokenizer.encodeWithOffsets(
      text, addingSpecialTokens: addingSpecialTokens)
    return zip(encoding.ids, encoding.utf8Spans).map { ($0, $1) }
  }

  package func token(_ id: Int) -> String? {
    guard let tokenizer else { return (0..<count).contains(id) ? "#\(id)" : nil }
    return tokenizer.token(id)
  }

  package func decode(_ ids: [Int]) -> String { tokenizer?.decode(ids) ?? ids.map(text).joined() }
}
