internal import Cluster
internal import Inputs
internal import Locks
internal import ResultsStore

/// A store in a run's folder, beside its results, that units write files of.
final class UnitStore: Sendable {
  struct Open: Sendable {
    let store: ZarrStore
    let files: FileWriter
    fileprivate let folder: String
  }

  /// The path of the store in the run's folder.
  private let path: String
  /// Whether units are only computed again, to compare their digests.
  private let isCheck: Bool
  private let stop: StopSignal
  private let opened = Locked<Open?>(nil)

  init(_ path: String, isCheck: Bool, stop: StopSignal) {
    (self.path, self.isCheck, self.stop) = (path, isCheck, stop)
  }

  /// Makes the store's hierarchy in a run's folder, or opens what is there. Collective.
  func begin(_ start: RunStart, _ root: ZarrGroup, on world: Communicator) throws(Refusal) {
    let whole = start.folder + path
    let files = FileWriter(run: start.run, rank: world.rank)
    try world.agree {
      if world.rank == 0 { _ = try ZarrStore.create(at: whole, root, by: files) }
    }
    let store = try world.agree { () throws(Refusal) in try ZarrStore.open(whole) }
    opened.withLock { $0 = Open(store: store, files: files, folder: start.folder) }
  }

  /// Writes a unit's files, whose paths in the run's folder are given.
  ///
  /// A disk that is full or fails is no fault of the unit's: it ends the run, which then goes on where
  /// it was.
  func write<Value: Sendable>(
    _ paths: [String], _ write: (Open) throws -> Value
  ) throws -> Value {
    guard let open = opened.withLock({ $0 }) else { throw Stopped() }
    let value: Value
    do { value = try write(open) } catch let refusal as Refusal
      where !isCheck && [.resources, .store].contains(refusal.kind)
    {
      stop.request(because: refusal)
      throw Stopped()
    }
    if isCheck {
      // Scratch space need not hold all files at once.
      for path in paths { try TrainingFiles.remove(open.folder + path) }
    }
    return value
  }
}
