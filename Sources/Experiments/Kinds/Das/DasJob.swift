internal import Checkpoints
package import Inputs
internal import Interventions
internal import JobFiles
internal import Models
internal import Prompts
internal import Tokenizers

/// A training job before any large weight is read: the job, its model's shape and its examples, all
/// checked against each other.
package struct DasJob: InterventionJob {
  /// Where the model's weights are.
  enum Weights: Sendable {
    case published(OpenedModel, ModelSection)
    /// Of a model that the job trains first.
    case trained(ModelTrainJob)
  }

  package let spec: DasSpec
  let weights: Weights
  let layerCount: Int
  /// How far runs with interventions are the unchanged ones.
  private(set) var cut: RunCut
  /// Of the model.
  let parameterCount: Int
  /// Of the interventions of one training, at most.
  private(set) var trainedCount = 0
  let memory: StepMemory
  /// Nil where the model has none, or reads no tokens.
  let tokenizerDigest: String?
  let items: [Split: [ResolvedPrompt]]
  /// The variables that examples number.
  let variables: [String]
  package let grid: DasGrid
  private let sets: ExampleSets
  private let resolver: PromptResolver

  /// Reads and checks everything but large weights.
  package init(_ spec: DasSpec) throws(Refusal) {
    self.spec = spec
    let outline: any TrainableModel<Float>
    switch spec.model {
    case .folder(let section):
      let opened = try OpenedModel(section.path.resolved)
      outline = try opened.outline()
      let limits = PromptLimits(
        outline.inputLimits, answers: opened.classCount, model: section.path.written)
      let prompts = try PromptResolver.of(section, opened.checkpoint, limits)
      (resolver, tokenizerDigest) = (prompts.resolver, prompts.tokenizer?.digest)
      weights = .published(opened, section)
      parameterCount = opened.checkpoint.tensors.values.reduce(0) { $0 + $1.count }
    case .pretrained(let first):
      let first = try ModelTrainJob(first)
      outline = try first.outline()
      (tokenizerDigest, resolver) = (first.tokenizerDigest, first.resolver)
      (weights, parameterCount) = (.trained(first), first.parameterCount)
    }
    memory = StepMemory(outline, answers: resolver.limits.answers)
    layerCount = outline.sites.map(\.layers.upperBound).max() ?? 1
    cut = outline.continuation.cut
    try spec.data.checkForm(hasTokenizer: tokenizerDigest != nil)
    sets = try spec.data.load(
      isIntervened: true, of: InterventionItem.variables(of: spec.interventions))
    variables = sets.variables
    var items: [Split: [ResolvedPrompt]] = [:]
    for split in Split.allCases {
      if let set = sets[split] { items[split] = try set.items(by: resolver) }
    }
    self.items = items
    grid = try DasGrid(spec, sites: outline.sites)
    try checkEarlyStopping()
    for position in grid.positions {
      for width in grid.widths {
        let problem = try DasProblem(
          self, DasGrid(layers: [grid.layers[0]], positions: [position], widths: [width]).point(0),
          outline)
        trainedCount = max(trainedCount, problem.parameterCount)
        if problem.cut == .none { cut = .none }
      }
    }
  }

  /// What the numbers come from beside weights that were there before the job.
  var inputs: [JobInput] {
    let first: JobValue? =
      if case .trained(let first) = weights {
        JobInput.table(first.inputs)
      } else { nil }
    return [JobInput("tokenizer", tokenizerDigest)] + sets.inputs
      + [JobInput("pretrain", "digests of the model's training", first)]
  }

  /// What is said of examples that are not held out, and of answers that could be other tokens.
  var notes: [String] {
    HeldOut.lines(items, of: items.mapValues(\.count)) + ResolvedPrompt.Spelling.lines(items)
  }
  var trainingSpec: any TrainingSpec { spec }
  var run: RunSection { spec.run }
  var tensors: JobPath? { spec.tensors }

  /// What `check` prints: examples with their places marked, then the trainings.
  package func lines(limit: Int) throws(Refusal) -> [String] {
    var lines: [String] = []
    if case .trained(let first) = weights {
      _ = try first.exchange(first.start())
      lines += try ["first, the model:"] + first.lines(limit: limit) + ["then, in the model:"]
    }
    lines += try sets.lines(by: resolver, limit: limit) + notes
    for point in grid.points.prefix(limit) { lines.append("unit \(point.number): \(point.text)") }
    if grid.count > limit { lines.append("... and \(grid.count - limit) more") }
    return lines
  }
}
