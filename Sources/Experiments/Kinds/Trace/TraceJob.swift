package import Inputs
internal import JobFiles
package import Models
package import Prompts
internal import Tokenizers

/// A causal trace before any weight is read: the job, its model's shape and its tokenised facts,
/// all checked against each other.
package struct TraceJob: Sendable {
  package let spec: TraceSpec
  private let model: PromptModel
  package let facts: [ResolvedPrompt]
  /// The facts as a run's folder keeps them.
  let tracedFacts: [TracedFact]
  /// How many facts are skipped for their answers' tokens; nil for none.
  let skippedLine: String?
  /// That line, and what else the facts leave open.
  let notes: [String]
  /// What is visited of layers, positions and samples.
  package let grid: TraceGrid
  /// The tokens of all subjects of the data, chosen or not, each tokenised alone, where the corruption
  /// follows from them; as ROME's script takes them.
  let subjectTokens: [Int]
  /// Of the facts' file; nil where they stand in the job.
  package let factsDigest: String?
  /// Of the noise file; nil for drawn noise.
  let noiseDigest: String?

  /// Reads and checks everything but weights.
  package init(_ spec: TraceSpec) throws(Refusal) {
    self.spec = spec
    model = try PromptModel(spec.model)
    let resolver = model.resolver
    let loaded = try spec.data.facts.load()
    factsDigest = loaded.digest
    let isCounterfactual = spec.corrupt.way == .counterfactual
    let foilCounts = spec.metric.store.contains(.logitDifference)
    let facts = try loaded.chosen.map { (fact) throws(Refusal) in
      let resolved = try resolver.resolve(
        isCounterfactual ? fact : fact.alone, long: spec.data.facts.longAnswers,
        foilCounts: foilCounts)
      if isCounterfactual { try Self.checkCounterfactual(of: resolved, fact) }
      return resolved
    }
    try spec.data.facts.refuseSkippingAll(facts)
    self.facts = facts
    let skipped = facts.filter { $0.skipped != nil }
    skippedLine = LongAnswers.skippedLine(
      skipped.count, of: facts.count, "facts", first: skipped.first?.place.field)
    notes =
      [
        skippedLine, LongAnswers.shortenedLine(facts, "facts"),
        WrittenPrompt.partLine(loaded.chosen),
        ResolvedPrompt.topLine(facts.count(where: \.takesTop), of: facts.count, "facts"),
      ].compactMap(\.self) + ResolvedPrompt.Spelling.lines(facts)
    tracedFacts = zip(loaded.chosen, facts).map { TracedFact($0, $1, by: resolver.prompts) }
    var tokens: [Int] = []
    if spec.corrupt.spread == .subjects {
      for fact in loaded.all {
        tokens += try Self.subjectTokens(of: fact, by: resolver, model.tokenizer != nil)
      }
    }
    subjectTokens = tokens
    noiseDigest = try spec.corrupt.file.map { (path) throws(Refusal) in
      try fileDigest(path.resolved, kind: .job)
    }
    for restoration in spec.restore where !model.published.shape.has(restoration.site.site) {
      throw Refusal(
        .job, file: spec.file, field: "restore.\(restoration.name).site",
        found: restoration.site.rawValue,
        expected: "a site that every layer of the model has: causeway sites lists them")
    }
    grid = try TraceGrid(
      spec, model: spec.model.path.written, windows: model.published.shape.windows,
      samples: try TraceNoise.samples(
        spec, facts.filter { $0.skipped == nil }, width: model.published.shape.width),
      facts: tracedFacts)
  }

  package var published: PublishedModel { model.published }
  /// Nil where the model has none; facts then come as token ids.
  var tokenizer: (any Tokenizer)? { model.tokenizer }
  var resolver: PromptResolver { model.resolver }

  /// Refuses a corrupted run of no prompt, or one of another length, or the fact's own.
  private static func checkCounterfactual(
    of fact: ResolvedPrompt, _ written: WrittenPrompt
  ) throws(Refusal) {
    let place = fact.place.member(written.keys.source)
    let expected = "another prompt of \(fact.ids.count) tokens, as the fact's own has"
    guard let other = fact.sources.first else {
      throw place.refusal(
        "no counterfactual, which corrupt.by = \"counterfactual\" runs", expected: expected)
    }
    guard other.count == fact.ids.count else {
      throw place.refusal("\(other.count) tokens", expected: expected)
    }
    guard other.ids != fact.ids else {
      throw place.refusal("the fact's own prompt", expected: expected)
    }
  }

  /// The tokens of a subject's text alone; those of the prompt where it came as tokens only.
  private static func subjectTokens(
    of fact: WrittenPrompt, by resolver: PromptResolver, _ hasTokenizer: Bool
  ) throws(Refusal) -> [Int] {
    guard hasTokenizer, let subject = fact.subjectText else {
      let whole = try resolver.resolve(fact.alone, long: .firstToken)
      return whole.subject.map { Array(whole.ids[$0]) } ?? []
    }
    return try resolver.prompts.encodeWithOffsets(subject).map(\.id)
  }

  /// The places of facts that have units.
  var traced: [Int] { facts.indices.filter { facts[$0].skipped == nil } }
  /// Corrupted runs of each fact.
  package var samples: Int { grid.samples }
}

extension TraceSite {
  /// The engine's site of the same name.
  var site: Site {
    switch self {
    case .blockOutput: .blockOutput
    case .mlpOutput: .mlpOutput
    case .mlpActivation: .mlpActivation
    case .attentionOutput: .attentionOutput
    }
  }
}
