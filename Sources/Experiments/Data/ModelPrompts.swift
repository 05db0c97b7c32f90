internal import Inputs
internal import Tokenizers

/// A tokenizer as prompts see it: its ids are the model's.
struct ModelPrompts: PromptTokenizer {
  private let tokenizer: (any Tokenizer)?
  private let model: String
  let count: Int

  /// - Parameter model: The model's path, for the refusal where it has no tokenizer.
  init(_ tokenizer: (any Tokenizer)?, vocabulary: Int, model: String) {
    self.tokenizer = tokenizer
    self.model = model
    count = vocabulary
  }

  func encodeWithOffsets(
    _ text: String
  ) throws(Refusal) -> [(id: Int, utf8Range: Range<Int>)] {
    guard let tokenizer else {
      throw Refusal(
        .model, file: model, found: "a text, and no tokenizer",
        expected: "token ids, or model.tokenizer in the job, or a model that has its tokenizer")
    }
    let encoding = try tokenizer.encodeWithOffsets(text)
    return zip(encoding.ids, encoding.utf8Spans).map { ($0, $1) }
  }

  func token(_ id: Int) -> String? {
    guard let tokenizer else { return (0..<count).contains(id) ? "#\(id)" : nil }
    return tokenizer.token(id)
  }

  func decode(_ ids: [Int]) -> String { tokenizer?.decode(ids) ?? ids.map(text).joined() }
}
