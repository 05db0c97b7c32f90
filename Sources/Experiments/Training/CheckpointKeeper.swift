internal import Cluster
internal import Inputs
internal import Interventions
internal import ResultsStore

/// Keeps the state of one unit in the run's folder, every so many steps or seconds and soon after
/// each evaluation.
final class CheckpointKeeper<State: Resumable> {
  let path: String
  /// The digest of the run's specification.
  private let job: String
  private let unit: Int
  private let pace: CheckpointPace
  private let files: FileWriter
  /// Of the checkpoints, made with the first of them.
  private let folder: String
  private let rank: Int
  private var last = ContinuousClock.now
  /// How long it took to write the last one.
  private var cost = Duration.zero
  private var evaluations = 0

  /// - Parameter rank: Of this process, which writes.
  init(_ start: RunStart, _ unit: Int, _ pace: CheckpointPace, rank: Int) {
    path = TrainingFiles.checkpoint(of: unit, in: start.folder)
    folder = TrainingFiles.checkpoints(in: start.folder)
    (job, self.unit, self.pace, self.rank) = (start.digest, unit, pace, rank)
    files = FileWriter(run: start.run, rank: rank)
  }

  /// The state that is kept; nil where none is.
  func stored() throws(Refusal) -> State? {
    guard TrainingFiles.exists(path) else { return nil }
    return try state(CheckpointFile.read(path))
  }

  /// What rank 0 finds, on all ranks. Collective.
  func stored(on world: Communicator) throws(Refusal) -> State? {
    var bytes = try world.agree { () throws(Refusal) -> [UInt8] in
      rank == 0 && TrainingFiles.exists(path) ? try CheckpointFile.read(path) : []
    }
    try mpiRefusal { () throws(MPIError) in try world.broadcast(&bytes) }
    return try world.agree { bytes.isEmpty ? nil : try state(bytes) }
  }

  private func state(_ bytes: [UInt8]) throws(Refusal) -> State {
    let state: State = try CheckpointFile.state(bytes, file: path, job: job, unit: unit)
    evaluations = state.history.evaluations.count
    return state
  }

  /// Whether it is time to keep a state: by the pace, or after an evaluation, where writing takes a
  /// twentieth of the time at most.
  func isDue(at step: Int, evaluations: Int = 0) -> Bool {
    pace.isDue(at: step, since: last)
      || evaluations > self.evaluations
        && last.duration(to: .now) >= max(.seconds(1), cost * 20)
  }

  /// Keeps a state where it is time to.
  func advanced(_ state: State) throws(Refusal) {
    if isDue(at: state.history.step, evaluations: state.history.evaluations.count) {
      try keep(state)
    }
  }

  func keep(_ state: State) throws(Refusal) {
    let start = ContinuousClock.now
    try files.makeFolder(folder)
    try files.write(try CheckpointFile.bytes(state, job: job, unit: unit), to: path)
    (last, evaluations) = (.now, state.history.evaluations.count)
    cost = start.duration(to: last)
  }
}

extension CheckpointKeeper<TrainingState> {
  /// The state that is kept of a training that began as `start`, or its beginning.
  ///
  /// - Parameters:
  ///   - steps: Of the whole training.
  ///   - world: Where all ranks take what rank 0 finds, collectively; nil: this rank alone.
  func state(
    from start: TrainingState, steps: Int, on world: Communicator? = nil
  ) throws(Refusal) -> TrainingState {
    let kept = if let world { try stored(on: world) } else { try stored() }
    guard let state = kept else { return start }
    if let misfit = state.misfit(with: start, steps: steps) {
      throw CheckpointFile.refusal(path, misfit)
    }
    return state
  }
}

/// A training that all ranks are at, whose states rank 0 keeps.
extension UnitPlace {
  /// Hears of a state that a training has come to.
  func passed(
    _ state: TrainingState, _ keeper: CheckpointKeeper<TrainingState>, of steps: Int
  ) throws(Refusal) {
    if world.rank == 0 { try keeper.advanced(state) }
    advanced(state.history.step, steps)
  }

  /// Keeps the state that a stop came at. Collective.
  func stopped(
    _ state: TrainingState, _ keeper: CheckpointKeeper<TrainingState>
  ) throws(Refusal) {
    try world.agree { if world.rank == 0 { try keeper.keep(state) } }
  }
}
