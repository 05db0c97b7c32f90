internal import Inputs
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

  init(_ model: ModelSection, _ data: TextSection) throws(Refusal) {
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
          by: prompts, vocabulary: vocabulary, context: published.shape.positionCount,
          length: data.length))
    }
    self.texts = texts
  }

  /// Each text with its tokens divided, at most `limit` of them, and how many there are.
  func lines(limit: Int, model: ModelSection) -> [String] {
    let prompts = ModelPrompts(
      tokenizer, vocabulary: published.shape.vocabulary, model: model.path.resolved)
    return texts.prefix(limit).enumerated().map { number, ids in
      let tokens = ids.map { escaped(prompts.token($0) ?? "#\($0)") }
      return "\(number): \(tokens.joined(separator: "|")) (\(ids.count) tokens)"
    } + ["ok: \(texts.count) texts"]
  }
}
