internal import Checkpoints
package import Inputs
internal import JobFiles
internal import Models
package import Prompts
internal import Tensors
internal import Tokenizers

/// A job of the kind `train` before its first step: the job, the model's shape and its examples, all
/// checked against each other.
package struct ModelTrainJob: InterventionJob {
  package let spec: ModelTrainSpec
  package let sets: ExampleSets
  let resolver: PromptResolver
  /// What the job's model is, in words.
  let modelName: String
  let parameterCount: Int
  /// SHA-256 of the weights that are gone on from.
  let startDigest: String?
  let tokenizerDigest: String?
  let memory: StepMemory
  private let opened: OpenedModel?
  /// Examples of files, and all that sources are exchanged in; those that a causal model makes are
  /// otherwise made when they are asked for.
  let items: [Split: [ResolvedPrompt]]

  /// What is said of examples that are not held out, and of answers that could be other tokens.
  let notes: [String]

  /// Examples that are checked ahead of those that a causal model makes.
  private static let checkedAhead = 10_000

  package init(_ spec: ModelTrainSpec) throws(Refusal) {
    self.spec = spec
    switch spec.model.start {
    case .new(let new):
      modelName = "the model"
      let limits = PromptLimits(new.inputLimits, answers: new.answerCount, model: modelName)
      resolver = PromptResolver(
        ModelPrompts(nil, vocabulary: limits.inputs.vocabulary ?? 0, model: modelName), limits)
      tokenizerDigest = nil
      (opened, startDigest, parameterCount) = (nil, nil, new.parameterCount)
      memory = StepMemory(
        new.decoderShape, layers: new.layerCount, width: new.inputLimits.width,
        answers: new.answerCount)
    case .folder(let section):
      let opened = try OpenedModel(section.path.resolved)
      guard case .huggingFace = opened.checkpoint.config else {
        throw Refusal(
          .model, file: section.path.written, found: "a GGUF file",
          expected: "a folder with a config.json, which training can write again")
      }
      modelName = section.path.written
      let outline = try opened.outline()
      let prompts = try PromptResolver.of(
        section, opened.checkpoint,
        PromptLimits(outline.inputLimits, answers: opened.classCount, model: modelName))
      (resolver, tokenizerDigest) = (prompts.resolver, prompts.tokenizer?.digest)
      let digest = try opened.checkpoint.digest()
      if let wanted = section.digest, wanted != digest {
        throw Refusal(
          .model, file: section.path.written, found: "the SHA-256 \(digest)",
          expected: "\(wanted), as model.digest says")
      }
      (self.opened, startDigest) = (opened, digest)
      memory = StepMemory(outline, answers: opened.classCount)
      parameterCount = opened.checkpoint.tensors.values.reduce(0) { $0 + $1.count }
    }
    try spec.data.checkForm(hasTokenizer: tokenizerDigest != nil)
    sets = try spec.data.load(
      isIntervened: spec.interchange != nil,
      of: InterventionItem.variables(of: spec.interventions))
    var (items, looked): ([Split: [ResolvedPrompt]], [Split: [ResolvedPrompt]]) = ([:], [:])
    var counts: [Split: Int] = [:]
    for split in Split.allCases {
      guard let set = sets[split] else { continue }
      let isKept = set.fileDigest != nil || spec.interchange != nil
      let own = try set.items(by: resolver, limit: isKept ? .max : Self.checkedAhead)
      for item in own { try Self.check(item, spec) }
      (looked[split], counts[split]) = (own, set.count)
      if isKept { items[split] = own }
    }
    self.items = items
    notes = HeldOut.lines(looked, of: counts) + ResolvedPrompt.Spelling.lines(looked)
    try checkEarlyStopping()
  }

  private static func check(_ item: ResolvedPrompt, _ spec: ModelTrainSpec) throws(Refusal) {
    guard let interchange = spec.interchange, interchange.taskWeight > 0,
      item.baseAnswer == nil
    else { return }
    throw item.place.member("base_label").refusal(
      "no base_label",
      expected: "what the model should say without interventions, since interchange.task_weight is "
        + "\(interchange.taskWeight)")
  }

  // MARK: What all trainings have

  /// What the numbers come from.
  var inputs: [JobInput] {
    [JobInput("model", startDigest), JobInput("tokenizer", tokenizerDigest)] + sets.inputs
  }

  var trainingSpec: any TrainingSpec { spec }
  var run: RunSection { spec.run }
  var tensors: JobPath? { nil }
  var variables: [String] { sets.variables }
  var hasDevelopment: Bool { sets[.development] != nil }
  /// One training.
  var grid: DasGrid { DasGrid(layers: [nil], positions: [nil], widths: [nil]) }

  /// What is exchanged, checked against a model; nil where nothing is.
  func exchange(_ model: any TrainableModel<Float>) throws(Refusal) -> InterchangeRuns? {
    guard spec.interchange != nil else { return nil }
    return InterchangeRuns(
      problem: try DasProblem(self, grid.point(0), model, learns: false))
  }

  /// The model at its start, weights and all.
  func start() throws(Refusal) -> any TrainableModel<Float> {
    switch spec.model.start {
    case .new(let new): return new.model(new.initialWeights(seed: UInt64(spec.seed)))
    case .folder:
      guard let opened else { preconditionFailure("a folder that was not opened") }
      return try opened.load()
    }
  }

  /// What can be intervened on in the model; not to be run.
  func outline() throws(Refusal) -> any TrainableModel<Float> {
    if let opened { return try opened.outline() }
    return try start()
  }

  /// Writes a folder that holds the model with these weights.
  func save(_ weights: NamedWeights<Float>, to folder: String) throws(Refusal) {
    switch spec.model.start {
    case .new(let new): try new.save(weights, to: folder)
    case .folder(let section):
      try opened?.save(weights, to: folder, tokenizer: section.tokenizer?.resolved)
    }
  }

  /// The steps of the training.
  var steps: TrainingSteps {
    TrainingSteps(spec.train, exampleCount: sets[.train]?.count ?? 0, seed: UInt64(spec.seed))
  }

  /// An example of a set, made anew where it is not kept.
  func example(_ number: Int, of split: Split) throws(Refusal) -> ResolvedPrompt {
    if let own = items[split] { return own[number] }
    guard let set = sets[split] else { preconditionFailure("no set \(split)") }
    return try set.example(number, by: resolver)
  }

  /// Examples as one input of the model, with what it should say of each.
  func batch(
    _ numbers: [Int], of split: Split
  ) throws(Refusal) -> (inputs: ModelInputs<Float>, labels: [Int]) {
    var inputs: [ResolvedInput] = []
    var labels: [Int] = []
    for number in numbers {
      let example = try example(number, of: split)
      inputs.append(example.base)
      labels.append(
        spec.interchange == nil ? example.answer : example.baseAnswer ?? example.answer)
    }
    return (ModelInputs(inputs), labels)
  }

  /// What `check` prints: examples with their places marked.
  package func lines(limit: Int) throws(Refusal) -> [String] {
    try sets.lines(by: resolver, limit: limit) + notes
      + ["\(modelName): \(parameterCount) parameters, \(steps.total) steps"]
  }
}

extension ModelInputs<Float> {
  /// Resolved inputs of examples, all tokens or all features.
  init(_ inputs: [ResolvedInput]) {
    if case .features? = inputs.first?.content {
      self = .embeddings(
        inputs.map {
          guard case .features(let rows) = $0.content else { return Tensor(zeros: [1, 1]) }
          return Tensor([rows.count, rows[0].count], rows.joined().map { Float($0) })
        })
    } else {
      self = .tokens(inputs.map(\.ids))
    }
  }
}
