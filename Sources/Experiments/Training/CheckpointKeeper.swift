internal import Cluster
internal import Foundation
internal import Inputs
internal import ResultsStore

/// The checkpoint of one unit in the run's folder.
final class CheckpointKeeper {
  let path: String
  /// The digest of the run's specification.
  let job: String
  let unit: Int
  private let pace: CheckpointPace
  private let files: FileWriter
  private let rank: Int
  private var last = ContinuousClock.now

  /// - Parameter rank: Of this process, which writes.
  init(_ start: RunStart, _ unit: Int, _ pace: CheckpointPace, rank: Int) {
    path = TrainingFiles.checkpoint(of: unit, in: start.folder)
    (job, self.unit, self.pace, self.rank) = (start.digest, unit, pace, rank)
    files = FileWriter(run: start.run, rank: rank)
  }

  /// The bytes of the file; nil where there is none.
  func stored() throws(Refusal) -> [UInt8]? {
    TrainingFiles.exists(path) ? try CheckpointFile.read(path) : nil
  }

  /// What rank 0 finds, on all ranks. Collective.
  func stored(on world: Communicator) throws(Refusal) -> [UInt8]? {
    let stored = try world.agree { () throws(Refusal) -> [UInt8]? in
      rank == 0 ? try self.stored() : nil
    }
    var bytes = stored ?? []
    try mpiRefusal { () throws(MPIError) in try world.broadcast(&bytes) }
    return bytes.isEmpty ? nil : bytes
  }

  /// Whether it is time to keep a state that is so many steps on.
  func isDue(at step: Int) -> Bool { pace.isDue(at: step, since: last) }

  func write(_ bytes: [UInt8]) throws(Refusal) {
    try files.write(bytes, to: path)
    last = .now
  }
}
