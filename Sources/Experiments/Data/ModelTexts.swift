internal import Checkpoints
package import Inputs
internal import JobFiles
internal import Models
package import Prompts
internal import Tokenizers

/// A decoder and the texts that a job runs it on, checked against each other; reads no weights.
package struct ModelTexts: Sendable {
  private let model: PromptModel
  /// Token ids of each text.
  package let texts: [[Int]]
  /// Of the texts' file; nil where they stand in the job.
  package let digest: String?

  /// - Parameters:
  ///   - context: Tokens of a text, at most; nil stands for the model's own limit.
  ///   - mayLookAhead: Whether a model will do whose positions see later ones.
  package init(
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
  package func lines(limit: Int) -> [String] {
    texts.prefix(limit).enumerated().map { model.resolver.prompts.line($0, $1) }
      + ["ok: \(texts.count) texts"]
  }
}

extension PromptTokenizer {
  /// A text with its tokens divided.
  package func line(_ number: Int, _ ids: [Int]) -> String {
    "\(number): \(ids.map { escaped(text($0)) }.joined(separator: "|")) (\(ids.count) tokens)"
  }
}
