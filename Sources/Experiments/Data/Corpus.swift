internal import Inputs
internal import JobFiles
internal import Models
internal import Prompts
internal import Tokenizers

/// `[data]` of jobs that run a model over a corpus: texts, and how they become sequences.
struct CorpusSection: Sendable {
  let texts: TextSection
  /// Tokens of a sequence, at most; nil stands for `usualContext`, or the model's own if less.
  let context: Int?
  /// Whether documents stand one after another in sequences of `context` tokens.
  let packs: Bool
  /// The token that is then put after each of them.
  let separator: Int?
  fileprivate let places: [String: JobPlace]

  static let usualContext = 1024

  init(_ f: inout Fields) throws(Refusal) {
    texts = try TextSection(&f, areCut: false)
    context = try f.optional(
      "context", .int(1...Int(Int32.max)),
      usually: "\(Self.usualContext), or what the model can read if that is less", unit: "tokens",
      "Tokens that the model reads together, at most.")
    packs = try f.field(
      "pack", .flag, or: false,
      "Whether documents are put one after another and divided into sequences of the context, in "
        + "which a token sees the documents before its own too; otherwise each is a sequence of its "
        + "own, cut to the context.")
    separator = try f.optional(
      "separator", .int(0...Int(Int32.max)), only: Fields.When(packs, "pack = true"),
      "The id of a token that is put after each document, and counts as its last.")
    places = f.places
  }
}

/// A decoder and the documents that a job runs it over, as the sequences that it reads; no weights.
struct Corpus: Sendable {
  let published: PublishedModel
  let tokenizer: (any Tokenizer)?
  /// Of the texts' file; nil where they stand in the job.
  let digest: String?
  let layout: CorpusLayout
  /// The ids of all tokens, one document after another.
  let tokens: [Int32]
  /// Documents that the context cut, and the tokens that it left out.
  let cut: (documents: Int, tokens: Int)

  init(_ model: ModelSection, _ data: CorpusSection) throws(Refusal) {
    let texts = try ModelTexts(model, data.texts, context: .max, mayLookAhead: true)
    (published, tokenizer, digest) = (texts.published, texts.tokenizer, texts.digest)
    let shape = published.shape
    let context = data.context ?? min(CorpusSection.usualContext, shape.positionCount)
    func refusal(_ field: String, _ found: String, _ expected: String) -> Refusal {
      (data.places["data.\(field)"] ?? JobPlace(file: "")).refusal(found, expected: expected)
    }
    guard context <= shape.positionCount else {
      throw refusal(
        "context", "\(context) tokens", "at most \(shape.positionCount), the model's context")
    }
    if let separator = data.separator, separator >= shape.vocabulary {
      throw refusal(
        "separator", "the token id \(separator)",
        "an id from 0 to \(shape.vocabulary - 1), the model's vocabulary")
    }
    var (lengths, tokens): ([Int], [Int32]) = ([], [])
    var cut = (documents: 0, tokens: 0)
    for text in texts.texts {
      let kept = data.packs ? text[...] : text.prefix(context)
      tokens += kept.lazy.map { Int32($0) }
      if let separator = data.separator { tokens.append(Int32(separator)) }
      lengths.append(kept.count + (data.separator == nil ? 0 : 1))
      cut.tokens += text.count - kept.count
      cut.documents += kept.count < text.count ? 1 : 0
    }
    (self.tokens, self.cut) = (tokens, cut)
    layout = try CorpusLayout(lengths: lengths, context: context, packs: data.packs)
  }

  /// The ids of a range of the tokens.
  func ids(_ range: Range<Int>) -> [Int] { tokens[range].map(Int.init) }

  /// Each document with its tokens divided, at most `limit` of them, and what becomes of them.
  func lines(limit: Int, model: ModelSection) -> [String] {
    let prompts = ModelPrompts(
      tokenizer, vocabulary: published.shape.vocabulary, model: model.path.resolved)
    let starts = layout.starts
    return layout.lengths.prefix(limit).indices.map { number in
      prompts.line(number, ids(starts[number]..<starts[number + 1]))
    } + [summary]
  }

  /// The corpus in a line, with what is cut off.
  var summary: String {
    let sequences =
      layout.packs
      ? "packed into \((layout.count + layout.context - 1) / layout.context) sequences of "
        + "\(layout.context)"
      : cut.documents == 0
        ? "none cut"
        : "\(cut.documents) cut to \(layout.context), which leaves out \(cut.tokens) tokens"
    return "\(layout.lengths.count) documents of \(layout.count) tokens, \(sequences)"
  }
}
