package import Checkpoints
package import Inputs
internal import JobFiles
package import Models
package import Tokenizers

extension PromptResolver {
  /// Of a model with its own tokenizer, or the one that the job names; nil where there is none, and
  /// prompts must be token ids.
  package static func of(
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
package struct PromptModel: Sendable {
  package let published: PublishedModel
  /// Nil where the model has none; prompts then come as token ids.
  package let tokenizer: (any Tokenizer)?
  package let resolver: PromptResolver

  /// - Parameters:
  ///   - context: Tokens of a prompt, at most; nil stands for the model's own limit.
  ///   - mayLookAhead: Whether a model will do whose positions see later ones.
  package init(
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
