package import Inputs
package import JobFiles
package import Prompts

/// A job of the kind `train`: a model's own weights trained on labels, from nothing or from trained
/// ones, with every default filled in.
///
/// With `[[interventions]]` it is interchange intervention training as well: the model is also held
/// to what a causal model says of runs in which states of other inputs are exchanged. Geiger et
/// al., 2022, <https://arxiv.org/abs/2112.00826>.
package struct ModelTrainSpec: TrainingSpec {
  package static let jobKind = JobKind.train

  /// The weights of the two losses.
  package struct Interchange: Sendable, Equatable {
    /// Of runs without interventions.
    package let taskWeight: Double
    /// Of runs with interventions.
    package let weight: Double
  }

  /// Where its fields stand.
  let place: JobPlace
  package let seed: Int
  package let model: NewModelSection
  package let data: ExampleSection
  package let interventions: [InterventionItem]
  /// Nil where nothing is exchanged.
  package let interchange: Interchange?
  package let train: TrainSection
  package private(set) var common: CommonSections
  package private(set) var pace: TrainingPace
  /// Empty: there is one training.
  let sweep: SweepSection

  package init(_ f: inout Fields) throws(Refusal) {
    let name = try f.begin(Self.jobKind)
    try self.init(&f, name: name, seed: 0, isWhole: true)
  }

  /// A training that comes before another job's own, and is run as that is.
  init(partOf f: inout Fields, seed: Int) throws(Refusal) {
    try self.init(&f, name: nil, seed: seed, isWhole: false)
  }

  /// - Parameter seed: The default.
  private init(
    _ f: inout Fields, name: String?, seed: Int, isWhole: Bool
  ) throws(Refusal) {
    place = f.place
    sweep = SweepSection(nothingIn: f.place)
    self.seed = try f.field(
      "seed", .seed, or: seed, usually: isWhole ? nil : "the job's",
      "Of random weights and of the order of examples.")
    model = try f.required(
      "model", .table(NewModelSection.init),
      "An architecture and its sizes, or a model to go on with.")
    data = try f.required("data", .table(ExampleSection.init), "Inputs and labels.")
    interventions =
      try f.optional(
        "interventions",
        .tables("no interventions") { (f, _) throws(Refusal) in try InterventionItem(&f) },
        "What is exchanged in interchange intervention training, as a job of the kind das says it.")
      ?? []
    interchange = try f.optional(
      "interchange", .table(Interchange.init),
      orWritten: interventions.isEmpty ? nil : .fields([:]),
      only: Fields.When(!interventions.isEmpty, "[[interventions]] to train with"),
      "The weights of the two losses.")
    train = try f.required(
      "train", .table { (f) throws(Refusal) in try TrainSection(&f, of: .model) },
      "The optimiser, and how the data are gone through.")
    let inputs = model.folder.map { [RunSection.Input("the model", $0.path.resolved)] } ?? []
    // How a part is saved and run is not its own to say.
    var rest = isWhole ? f : try Fields(JobField(.fields([:]), at: f.place), folder: f.folder)
    (common, pace) = try rest.common(name: name, and: inputs, TrainingPace.init)
    if isWhole { f = rest }
    guard !isWhole else { return }
    common.canonical["kind"] = .text(Self.kind)
    for (key, value) in f.canonical.members { common.canonical[key] = value }
  }

  /// Has another job's way of being run, but for its folder.
  mutating func isRun(as whole: CommonSections, _ pace: TrainingPace) {
    (common.run, self.pace) = (RunSection(within: whole.run), pace)
    guard case .table(var table)? = whole.canonical["run"]?.content else { return }
    table["output"] = nil
    common.canonical["run"] = JobValue(.table(table))
  }

  package var modelName: String { model.name }

  func trained(_ point: DasGrid.Point, in folder: String) -> String { "\(folder)/model" }
}

extension ModelTrainSpec.Interchange {
  fileprivate init(_ f: inout Fields) throws(Refusal) {
    let number = FieldType.number(0...1e6)
    weight = try f.field("weight", number, or: 1, "Of the loss of runs with interventions.")
    taskWeight = try f.field("task_weight", number, or: 1, "Of the loss of runs without.")
    guard taskWeight + weight > 0 else {
      throw f.place.refusal("two weights of 0", expected: "one of them above 0")
    }
  }
}
