internal import Cluster
internal import Inputs
internal import Models
internal import ResultsStore

/// The training of a job's model before the job's own trainings: a run in a folder of its own inside
/// the job's.
struct Pretraining {
  enum Outcome {
    case model(any TrainableModel<Float>)
    /// There is no model: its training was stopped, or failed.
    case ended(RunOutcome)
  }

  private let place: WorkPlace
  private let job: DasJob
  private let folder: String

  /// - Parameter place: Of the whole job.
  init(_ place: WorkPlace, _ job: DasJob) {
    (self.place, self.job) = (place, job)
    folder = RunFolder.pretraining(of: place.folder)
  }

  /// Trains the model, or goes on, unless an earlier start has; then loads it. Collective.
  func run() throws(Refusal) -> Outcome {
    let world = place.world
    if let launch = place.launch, case .trained(let first) = job.weights {
      var isDone: [UInt8] = world.rank == 0 && Self.isFinished(folder) ? [1] : [0]
      try mpiRefusal { () throws(MPIError) in try world.broadcast(&isDone) }
      if isDone != [1] {
        var options = launch.options
        options.output = folder
        let own = RunLaunch(
          launch.environment, options, observer: launch.observer, stop: launch.stop, isPart: true)
        switch try RunEngine<TrainKind>(own).run({ first.spec }) {
        case .stopped: return .ended(.stopped)
        case .finished(let summary, let failed) where failed > 0:
          return .ended(
            .finished(summary: "\(summary): causeway status \(folder)", failed: failed))
        case .finished: break
        }
      }
    }
    try world.agree { if world.rank == 0 { try check() } }
    let opened = try world.agree { try OpenedModel("\(folder)/model") }
    try ModelOnRanks.compare([], reading: opened.checkpoint, on: world)
    return .model(try ModelOnRanks.load(opened, on: world))
  }

  private static func isFinished(_ folder: String) -> Bool {
    guard let run = try? RunFolder.open(folder),
      let status = try? RunStatus(TrainKind.self, folder)
    else { return false }
    return status.exitCode == 0 && RunAttempts(run).attempts.contains { $0.end != nil }
  }

  /// Refuses a trained model that is not the one in the journal any more.
  private func check() throws(Refusal) {
    let view = try RunView(TrainKind.self, folder)
    guard let file = view.table.files(view.results, in: folder).first else {
      throw Refusal(
        .store, file: view.folder.journal, found: "no result", expected: "the trained model's")
    }
    let digest = try TrainingFiles.digest(of: file.path)
    guard digest == file.digest else {
      throw Refusal(
        .store, file: file.path, found: "other files than were trained (\(digest))",
        expected: "\(file.digest), as the journal says; without \(folder) it is trained again")
    }
  }
}
