internal import Cluster
internal import Inputs
internal import Models
internal import ResultsStore

/// The training of a job's model before the job's own trainings: a run in a folder of its own inside
/// the job's.
struct Pretraining {
  enum Outcome {
    case model(any TrainableModel<Float>)
    /// There is no model: the training was stopped, or failed.
    case ended(RunOutcome)
  }

  private let launch: RunLaunch
  private let job: ModelTrainJob
  private let folder: String

  /// - Parameter launch: Of the whole job.
  init(_ launch: RunLaunch, _ job: ModelTrainJob) {
    folder = RunFolder.pretraining(of: launch.options.output)
    var options = launch.options
    options.output = folder
    self.launch = RunLaunch(
      launch.environment, options, observer: launch.observer, stop: launch.stop, isPart: true)
    self.job = job
  }

  /// Trains the model, or goes on, unless an earlier start has; then loads it. Collective.
  func run() throws(Refusal) -> Outcome {
    let world = launch.world
    var isDone: [UInt8] = world.rank == 0 && Self.isFinished(folder) ? [1] : [0]
    try mpiRefusal { () throws(MPIError) in try world.broadcast(&isDone) }
    if isDone != [1] {
      switch try ModelTrainRun(launch).run({ job.spec }) {
      case .stopped: return .ended(.stopped)
      case .finished(let summary, let failed) where failed > 0:
        return .ended(
          .finished(summary: "\(summary): causeway status \(folder)", failed: failed))
      case .finished: break
      }
    }
    try world.agree { if world.rank == 0 { try Self.check(folder) } }
    let opened = try world.agree { try OpenedModel("\(folder)/model") }
    try ModelOnRanks.compare([], reading: opened.checkpoint, on: world)
    return .model(try ModelOnRanks.load(opened, on: world))
  }

  private static func isFinished(_ folder: String) -> Bool {
    guard let run = try? RunFolder.open(folder), let progress = try? DasProgress(folder) else {
      return false
    }
    return progress.exitCode == 0 && RunAttempts(run).attempts.contains { $0.end != nil }
  }

  /// Refuses a trained model that is not the one in the journal any more.
  static func check(_ folder: String) throws(Refusal) {
    let run = try RunFolder.open(folder)
    guard let reader = try DasReader(run), let result = try DasJournals(reader).results[0] else {
      throw Refusal(.store, file: run.journal, found: "no result", expected: "the trained model's")
    }
    let model = reader.spec.trained(reader.grid.point(0), in: folder)
    let digest = try TrainingFiles.digest(of: model)
    guard digest == result.parametersDigest else {
      throw Refusal(
        .store, file: model, found: "other files than were trained (\(digest))",
        expected: "\(result.parametersDigest), as the journal says; without \(folder) it is "
          + "trained again")
    }
  }
}
