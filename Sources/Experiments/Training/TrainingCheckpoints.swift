internal import Cluster
internal import Inputs

/// Keeps a training's state in the run's folder, every so many steps or seconds.
struct TrainingCheckpoints {
  private let keeper: CheckpointKeeper

  /// - Parameter rank: Of this process, which writes.
  init(_ start: RunStart, _ unit: Int, _ pace: CheckpointPace, rank: Int) {
    keeper = CheckpointKeeper(start, unit, pace, rank: rank)
  }

  /// The bytes of the state that is kept; nil where none is.
  func stored() throws(Refusal) -> [UInt8]? { try keeper.stored() }

  /// The state in what `stored` gave, or the training's beginning.
  ///
  /// - Parameter steps: Of the whole training.
  func state(
    _ bytes: [UInt8]?, from start: TrainingState, steps: Int
  ) throws(Refusal) -> TrainingState {
    guard let bytes else { return start }
    return try TrainingCheckpoint.state(
      bytes, file: keeper.path, job: keeper.job, unit: keeper.unit, like: start, steps: steps)
  }

  /// What rank 0 finds kept, on all ranks. Collective.
  func state(
    from start: TrainingState, steps: Int, on world: Communicator
  ) throws(Refusal) -> TrainingState {
    let found = try keeper.stored(on: world)
    return try world.agree { try state(found, from: start, steps: steps) }
  }

  /// Keeps a state where it is time to.
  func advanced(_ state: TrainingState) throws(Refusal) {
    if keeper.isDue(at: state.step) { try keep(state) }
  }

  func keep(_ state: TrainingState) throws(Refusal) {
    try keeper.write(try TrainingCheckpoint.bytes(state, job: keeper.job, unit: keeper.unit))
  }
}
