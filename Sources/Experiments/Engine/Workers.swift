internal import Cluster
internal import Inputs
internal import ResultsStore

/// Where a kind's units are computed: the ranks, and this rank's threads.
struct WorkPlace {
  let world: Communicator
  /// Compute threads of this rank.
  let threads: Int
  let stop: StopSignal
  /// What hears of notes; of rank 0 only.
  let observer: (any RunObserver)?
  /// The run's folder, which may not be there yet.
  let folder: String
  /// How the run was started, where it is one and no check.
  let launch: RunLaunch?
}

/// What a kind computes with, once weights are read.
struct Workers {
  /// How the units of a phase are gone about.
  enum Way {
    /// Any rank, any thread: a unit's record. Throws `Stopped` once it is given up.
    case apart(
      @Sendable (_ unit: Int, _ isGivenUp: @escaping @Sendable () -> Bool) throws -> [UInt8])
    /// All ranks on one unit at a time: collective; a record, the same on every rank. Throws
    /// `Stopped` where a stop was asked for, after it has kept what it had.
    case together((_ unit: Int, _ place: UnitPlace) throws -> [UInt8])
  }

  /// By how many units are left and how many threads all ranks have.
  let way: (_ left: Int, _ threads: Int) -> Way
  /// What made the results beside what every run notes.
  var provenance: [Attribute.Member] = []
  /// What comes before the first unit, once the folder is held. Collective; an outcome ends the run.
  var begin: ((RunStart) throws(Refusal) -> RunOutcome?)?
  /// Hears a phase's handover, on every rank.
  var handover: (([UInt8]) throws(Refusal) -> Void)?

  init(
    _ way: Way, provenance: [Attribute.Member] = [],
    begin: ((RunStart) throws(Refusal) -> RunOutcome?)? = nil,
    handover: (([UInt8]) throws(Refusal) -> Void)? = nil
  ) {
    self.way = { _, _ in way }
    (self.provenance, self.begin, self.handover) = (provenance, begin, handover)
  }

  init(
    way: @escaping (_ left: Int, _ threads: Int) -> Way,
    begin: ((RunStart) throws(Refusal) -> RunOutcome?)? = nil
  ) {
    (self.way, self.begin) = (way, begin)
  }
}

/// A unit that all ranks compute together: where it keeps what it is at, and who hears of it.
struct UnitPlace {
  let start: RunStart
  let world: Communicator
  let threads: Int
  let stop: StopSignal
  /// Records of the units that are done, the same on every rank.
  let records: [Int: [UInt8]]
  /// Hears of steps taken, on rank 0.
  let advanced: (_ step: Int, _ steps: Int) -> Void

  /// A record that rank 0 makes, on every rank. Collective.
  func shared(_ make: () throws -> [UInt8]) throws(Refusal) -> [UInt8] {
    var record = try world.agree { world.rank == 0 ? try make() : [] }
    try mpiRefusal { () throws(MPIError) in try world.broadcast(&record) }
    return record
  }
}
