internal import Inputs
internal import JobFiles
internal import Prompts

/// What the jobs that train something have in common, for their run folders and all that reads them.
protocol TrainingSpec: JobSpecification {
  /// Where its fields stand.
  var place: JobPlace { get }
  var seed: Int { get }
  /// None where nothing is exchanged.
  var interventions: [InterventionItem] { get }
  var sweep: SweepSection { get }
  var train: TrainSection { get }
  /// Where a unit's trained parameters are, in the run's folder.
  func trained(_ point: DasGrid.Point, in folder: String) -> String
}

/// A checked job that trains something: what its run's folder depends on.
protocol TrainingJob: Sendable {
  var trainingSpec: any TrainingSpec { get }
  var grid: DasGrid { get }
  var steps: TrainingSteps { get }
  var hasDevelopment: Bool { get }
}

/// A job whose examples intervene on a model, for training interventions or the model itself.
protocol InterventionJob: TrainingJob {
  var run: RunSection { get }
  /// A safetensors file with the tensors that descriptions name.
  var tensors: JobPath? { get }
  var items: [Split: [ResolvedPrompt]] { get }
  /// The variables that examples number.
  var variables: [String] { get }
}

extension InterventionJob {
  var file: String { trainingSpec.file }
  var seed: Int { trainingSpec.seed }
  var interventions: [InterventionItem] { trainingSpec.interventions }
  var sweepPlace: JobPlace { trainingSpec.sweep.place }
  var train: TrainSection { trainingSpec.train }
  var hasDevelopment: Bool { items[.development] != nil }

  /// The steps of each training.
  var steps: TrainingSteps {
    TrainingSteps(train, exampleCount: items[.train]?.count ?? 0, seed: UInt64(seed))
  }

  /// Refuses to watch a set that is not there.
  func checkEarlyStopping() throws(Refusal) {
    guard train.earlyStopping != nil, !hasDevelopment else { return }
    throw trainingSpec.place.member("train").member("early_stopping").refusal(
      "early_stopping without data.development", expected: "a development set to watch")
  }

  /// The examples of the split on which controls are taken: the test's, or what there is.
  var controlSplit: Split {
    [.test, .development].first { items[$0] != nil } ?? .train
  }
}
