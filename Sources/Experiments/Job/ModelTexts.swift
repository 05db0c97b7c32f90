internal import Inputs
internal import JobFiles
internal import Models
internal import Tokenizers

/// A decoder and the texts that a job runs it on, checked against each other; reads no weights.
struct ModelTexts: Sendable {
  let published: PublishedModel
  /// Nil where the model has none; texts then come as token ids.
  let tokenizer: (any Tokenizer)?
  /// Token ids of each text.
  let texts: [[Int]]
  /// Of the texts' file; nil where they stand in the job.
  let digest: String?

  /// - Parameter context: Tokens of a text, at most; nil stands for the model's own limit.
  init(
    _ model: ModelSection, _ data: TextSection, context: Int? = nil
  ) throws(Refusal) {
    published = try PublishedModel(model.path.resolved)
    let vocabulary = published.shape.vocabulary
    tokenizer = try ModelTokenizer.open(
      model.tokenizer?.resolved, beside: published.checkpoint, vocabulary: vocabulary)
    let prompts = ModelPrompts(tokenizer, vocabulary: vocabulary, model: model.path.resolved)
    let loaded = try data.load()
    digest = loaded.fileDigest
    var texts: [[Int]] = []
    for item in loaded.texts {
      texts.append(
        try item.tokens(
          by: prompts, vocabulary: vocabulary,
          context: context ?? published.shape.positionCount, length: data.length))
    }
    self.texts = texts
  }

  /// Each text with its tokens divided, at most `limit` of them, and how many there are.
  func lines(limit: Int, model: ModelSection) -> [String] {
    let prompts = ModelPrompts(
      tokenizer, vocabulary: published.shape.vocabulary, model: model.path.resolved)
    return texts.prefix(limit).enumerated().map { prompts.line($0, $1) }
      + ["ok: \(texts.count) texts"]
  }
}

extension ModelPrompts {
  /// A text with its tokens divided.
  func line(_ number: Int, _ ids: [Int]) -> String {
    let tokens = ids.map { escaped(token($0) ?? "#\($0)") }
    return "\(number): \(tokens.joined(separator: "|")) (\(ids.count) tokens)"
  }
}
