package import Inputs
internal import JobFiles
package import Models
internal import Tokenizers

/// A causal trace before any weight is read: the job, its model's shape and its tokenised facts,
/// all checked against each other.
package struct TraceJob: Sendable {
  package let spec: TraceSpec
  package let published: PublishedModel
  /// Nil where the model has none; facts then come as token ids.
  let tokenizer: (any Tokenizer)?
  let prompts: ModelPrompts
  package let facts: [TokenizedFact]
  /// The facts as a run's folder keeps them.
  let tracedFacts: [TracedFact]
  /// What is visited of layers, positions and samples.
  package let grid: TraceGrid
  /// The tokens of each fact's corrupted run, where those are runs of other prompts.
  let counterfactuals: [[Int]]?
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
    published = try PublishedModel(spec.model.path.resolved)
    let vocabulary = published.shape.vocabulary
    tokenizer = try ModelTokenizer.open(
      spec.model.tokenizer?.resolved, beside: published.checkpoint, vocabulary: vocabulary)
    let loaded = try spec.data.load()
    factsDigest = loaded.fileDigest
    let prompts = ModelPrompts(
      tokenizer, vocabulary: vocabulary, model: spec.model.path.resolved)
    self.prompts = prompts
    let model = spec.model.path.written
    var facts: [TokenizedFact] = []
    for fact in loaded.facts {
      let tokenized = try TokenizedFact(fact, by: prompts)
      try tokenized.check(contextLength: published.shape.positionCount, model: model)
      facts.append(tokenized)
    }
    self.facts = facts
    var counterfactuals: [[Int]]?
    if spec.corrupt.way == .counterfactual {
      counterfactuals = try facts.map { (fact) throws(Refusal) in
        try TraceCorruption.counterfactual(of: fact, by: prompts)
      }
    }
    self.counterfactuals = counterfactuals
    tracedFacts = facts.enumerated().map { TracedFact($1, counterfactualIDs: counterfactuals?[$0]) }
    if spec.corrupt.spread == .subjects {
      var tokens: [Int] = []
      for fact in loaded.all { tokens += try Self.subjectTokens(of: fact, by: prompts) }
      subjectTokens = tokens
    } else {
      subjectTokens = []
    }
    noiseDigest = try spec.corrupt.file.map { (path) throws(Refusal) in
      try fileDigest(path.resolved, kind: .job)
    }
    grid = try TraceGrid(
      spec, model: model, layerCount: published.shape.layers,
      samples: try TraceNoise.samples(spec, facts, width: published.shape.width),
      facts: tracedFacts.map { ($0.id, $0.roles, $0.corruptedFrom) })
  }

  /// The tokens of a subject's text alone; those of the prompt where it came as tokens only.
  private static func subjectTokens(
    of fact: Fact, by prompts: ModelPrompts
  ) throws(Refusal) -> [Int] {
    guard prompts.hasTokenizer, let subject = fact.subject else {
      let whole = try TokenizedFact(fact, by: prompts)
      return Array(whole.ids[whole.roles.subject])
    }
    return try prompts.encodeWithOffsets(subject).map(\.id)
  }

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
