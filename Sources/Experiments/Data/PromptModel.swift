internal import Checkpoints
internal import Inputs
internal import JobFiles
internal import Models
internal import Tokenizers

extension PromptResolver {
  /// Of a model with its own tokenizer, or the one that the job names; nil where there is none, and
  /// prompts must be token ids.
  static func of(
    _ model: ModelSection, _ checkpoint: Checkpoint, _ limits: PromptLimits
  ) throws(Refusal) -> (resolver: PromptResolver, tokenizer: (any Tokenizer)?) {
    let vocabulary = limits.inputs.vocabulary
    let tokenizer = try vocabulary.flatMap { (vocabulary) throws(Refusal) in
      try ModelTokenizer.open(
        model.tokenizer?.resolved, beside: checkpoint, vocabulary: vocabulary)
    }
    let prompts = ModelPrompts(
      tokenizer, vocabulary: vocabulary ?? 0, model: model.path.resolved,
      addsSpecialTokens: model.specialTokens)
    return (PromptResolver(prompts, limits), tokenizer)
  }
}

/// A decoder, and what turns the prompts of a job into its tokens; reads no weights.
struct PromptModel: Sendable {
  let published: PublishedModel
  /// Nil where the model has none; prompts then come as token ids.
  let tokenizer: (any Tokenizer)?
  let resolver: PromptResolver

  /// - Parameters:
  ///   - context: Tokens of a prompt, at most; nil stands for the model's own limit.
  ///   - mayLookAhead: Whether a model will do whose positions see later ones.
  init(
    _ model: ModelSection, context: Int? = nil, mayLookAhead: Bool = false
  ) throws(Refusal) {
    published = try PublishedModel(model.path.resolved)
    guard published.shape.isCausal || mayLookAhead else {
      throw Refusal(
        .model, file: model.path.resolved, field: "model_type",
        found: "\(published.family.modelType), an encoder",
        expected: "a decoder, whose last position answers; encoders serve dump and intervene")
    }
    let reads = published.shape.inputLimits.reads
    guard reads == .sequences else {
      throw Refusal(
        .model, file: model.path.resolved, field: "model_type",
        found: "\(published.family.modelType), a model of \(reads.words)",
        expected: "a model of tokens; others serve intervene")
    }
    var limits = PromptLimits(published.shape, model: model.path.written)
    if let context { limits.inputs.positions = context }
    (resolver, tokenizer) = try PromptResolver.of(model, published.checkpoint, limits)
  }
}

/// A decoder and the texts that a job runs it on, checked against each other; reads no weights.
struct ModelTexts: Sendable {
  private let model: PromptModel
  /// Token ids of each text.
  let texts: [[Int]]
  /// Of the texts' file; nil where they stand in the job.
  let digest: String?

  /// - Parameters:
  ///   - context: Tokens of a text, at most; nil stands for the model's own limit.
  ///   - mayLookAhead: Whether a model will do whose positions see later ones.
  init(
    _ model: ModelSection, _ data: TextSection, context: Int? = nil, mayLookAhead: Bool = false
  ) throws(Refusal) {
    let model = try PromptModel(model, context: context, mayLookAhead: mayLookAhead)
    let loaded = try data.load()
    var texts: [[Int]] = []
    for text in loaded.texts {
      texts.append(try model.resolver.tokens(of: text, length: data.length))
    }
    (self.model, self.texts, digest) = (model, texts, loaded.fileDigest)
  }

  var published: PublishedModel { model.published }
  var tokenizer: (any Tokenizer)? { model.tokenizer }

  /// Each text with its tokens divided, at most `limit` of them, and how many there are.
  func lines(limit: Int) -> [String] {
    texts.prefix(limit).enumerated().map { model.resolver.prompts.line($0, $1) }
      + ["ok: \(texts.count) texts"]
  }
}

extension PromptTokenizer {
  /// A text with its tokens divided.
  func line(_ number: Int, _ ids: [Int]) -> String {
    "\(number): \(ids.map { escaped(text($0)) }.joined(separator: "|")) (\(ids.count) tokens)"
  }
}
