internal import Cluster
internal import Foundation
internal import Inputs
internal import ResultsStore

/// Keeps a training's state in the run's folder, every so many steps or seconds.
final class DasCheckpoints {
  private let path: String
  private let job: String
  private let unit: Int
  private let pace: TrainingPace
  private let files: FileWriter
  private var last = ContinuousClock.now

  init(_ start: RunStart, _ unit: Int, _ pace: TrainingPace, rank: Int) {
    path = TrainingFiles.checkpoint(of: unit, in: start.folder)
    (job, self.unit, self.pace) = (start.digest, unit, pace)
    files = FileWriter(run: start.run, rank: rank)
  }

  /// The bytes of the state that is kept; nil where none is.
  func stored() throws(Refusal) -> [UInt8]? {
    TrainingFiles.exists(path) ? try TrainingCheckpoint.read(path) : nil
  }

  /// The state in what `stored` gave, or the training's beginning.
  ///
  /// - Parameter steps: Of the whole training.
  func state(
    _ bytes: [UInt8]?, from start: TrainingState, steps: Int
  ) throws(Refusal) -> TrainingState {
    guard let bytes else { return start }
    return try TrainingCheckpoint.state(
      bytes, file: path, job: job, unit: unit, like: start, steps: steps)
  }

  /// What rank 0 finds kept, on all ranks. Collective.
  func state(
    from start: TrainingState, steps: Int, on world: Communicator
  ) throws(Refusal) -> TrainingState {
    let stored = try world.agree { () throws(Refusal) -> [UInt8]? in
      world.rank == 0 ? try self.stored() : nil
    }
    var bytes = stored ?? []
    try mpiRefusal { () throws(MPIError) in try world.broadcast(&bytes) }
    let found = bytes.isEmpty ? nil : bytes
    return try world.agree { try state(found, from: start, steps: steps) }
  }

  /// Keeps a state where it is time to.
  func advanced(_ state: TrainingState) throws(Refusal) {
    let bySteps = pace.checkpointSteps.map { state.step % $0 == 0 } ?? false
    guard bySteps || last.duration(to: .now) >= .seconds(pace.checkpointSeconds) else { return }
    try keep(state)
  }

  func keep(_ state: TrainingState) throws(Refusal) {
    try files.write(try TrainingCheckpoint.bytes(state, job: job, unit: unit), to: path)
    last = .now
  }
}
