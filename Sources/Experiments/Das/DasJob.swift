package import CausalModels
internal import Checkpoints
package import Inputs
internal import Interventions
package import Models
internal import Tokenizers

/// A training job before any large weight is read: the job, its model's shape and its examples, all
/// checked against each other.
package struct DasJob: InterventionJob {
  /// An example that the model runs on, with where it stands.
  package struct Item: Sendable {
    package let example: CounterfactualExample
    package let place: JobPlace

    package init(_ example: CounterfactualExample, at place: JobPlace) {
      (self.example, self.place) = (example, place)
    }
  }

  package let spec: DasSpec
  package let opened: OpenedModel
  /// Nil where the model has none, or reads no tokens.
  let tokenizerDigest: String?
  let items: [Split: [Item]]
  /// The variables that examples number.
  let variables: [String]
  let digests: [(split: Split, digest: String)]
  package let grid: DasGrid
  private let sets: ExampleSets?
  private let resolver: ExampleResolver?

  /// Reads and checks everything but large weights.
  package init(_ spec: DasSpec) throws(Refusal) {
    let opened = try OpenedModel(spec.model.path.resolved)
    let outline = try opened.outline()
    var tokenizer: (any Tokenizer)?
    if let vocabulary = outline.inputLimits.vocabulary {
      tokenizer = try ModelTokenizer.open(
        spec.model.tokenizer?.resolved, beside: opened.checkpoint, vocabulary: vocabulary)
    }
    try spec.data.checkForm(hasTokenizer: tokenizer != nil)
    let resolver = ExampleResolver(
      ModelPrompts(
        tokenizer, vocabulary: outline.inputLimits.vocabulary ?? 0,
        model: spec.model.path.resolved),
      ExampleLimits(
        outline.inputLimits, answers: opened.classCount, model: spec.model.path.written))
    let sets = try spec.data.load(
      isIntervened: true, of: InterventionItem.variables(of: spec.interventions))
    var items: [Split: [Item]] = [:]
    for split in Split.allCases {
      guard let set = sets[split] else { continue }
      var list: [Item] = []
      for number in 0..<set.count {
        list.append(
          Item(try set.example(number, by: resolver), at: try set.written(number).place))
      }
      items[split] = list
    }
    try self.init(
      spec, opened, outline, items, variables: sets.variables, digests: sets.digests,
      tokenizer: tokenizer?.digest, sets: sets, resolver: resolver)
  }

  private init(
    _ spec: DasSpec, _ opened: OpenedModel, _ outline: any TrainableModel<Float>,
    _ items: [Split: [Item]], variables: [String], digests: [(split: Split, digest: String)],
    tokenizer: String?, sets: ExampleSets?, resolver: ExampleResolver?
  ) throws(Refusal) {
    (self.spec, self.opened, self.items, self.variables) = (spec, opened, items, variables)
    (self.digests, tokenizerDigest, self.sets, self.resolver) = (
      digests, tokenizer, sets, resolver
    )
    grid = try DasGrid(spec, sites: outline.sites)
    if spec.train.earlyStopping != nil, items[.development] == nil {
      throw JobPlace(file: spec.file, path: "train.early_stopping").refusal(
        "early_stopping without data.development", expected: "a development set to watch")
    }
    for position in grid.positions {
      for width in grid.widths {
        _ = try DasProblem(
          self, DasGrid(layers: [grid.layers[0]], positions: [position], widths: [width]).point(0),
          outline)
      }
    }
  }

  var trainingSpec: any TrainingSpec { spec }
  var run: RunSection { spec.run }
  var tensors: JobPath? { spec.tensors }

  /// What `check` prints: examples with their places marked, then the trainings.
  package func lines(limit: Int) throws(Refusal) -> [String] {
    var lines: [String] = []
    if let sets, let resolver { lines += try sets.lines(by: resolver, limit: limit) }
    for point in grid.points.prefix(limit) { lines.append("unit \(point.number): \(point.text)") }
    if grid.count > limit { lines.append("... and \(grid.count - limit) more") }
    return lines
  }
}
