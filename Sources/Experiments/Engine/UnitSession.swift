internal import Cluster
internal import Foundation
internal import Inputs
internal import Locks
internal import ResultsStore

/// Runs the units of a run's phases on all ranks, with each rank's journal and rank 0's ledger.
struct UnitSession<Layout: Table> {
  let launch: RunLaunch
  let workers: Workers
  let start: RunStart
  let journal: RankJournal
  let inFlight: UnitsInFlight
  let ledger: RunLedger<Layout>?
  let threads: Int
  let allThreads: Int
  /// Records of units that all ranks know, once units are computed together.
  private var records: [Int: [UInt8]]?

  private var world: Communicator { launch.world }

  init(
    launch: RunLaunch, workers: Workers, start: RunStart, journal: RankJournal,
    inFlight: UnitsInFlight, ledger: RunLedger<Layout>?, threads: Int, allThreads: Int
  ) {
    (self.launch, self.workers, self.start, self.journal) = (launch, workers, start, journal)
    (self.inFlight, self.ledger) = (inFlight, ledger)
    (self.threads, self.allThreads) = (threads, allThreads)
  }

  /// Collective.
  mutating func run(_ phase: Phase) throws(Refusal) -> UnitScheduler.Outcome {
    let sorted = UnitDeaths.sort(phase.units, by: start.deaths)
    try world.agree { if let ledger { try giveUp(sorted.givenUp, ledger) } }
    switch workers.way(phase.units.count, allThreads) {
    case .apart(let compute):
      guard try apart(sorted.usual, threads, compute) == .finished else { return .stopped }
      return try apart(sorted.alone, 1, compute)
    case .together(let compute):
      return try together(sorted.usual + sorted.alone, compute)
    }
  }

  private func giveUp(_ units: [WorkUnit], _ ledger: RunLedger<Layout>) throws(Refusal) {
    for unit in units {
      let reason = "its rank died \(start.deaths[unit.number] ?? 0) times while it was computed"
      try journal.fail(unit.number, reason)
      try ledger.note(
        UnitFailure(unit: unit.number, message: reason, rank: world.rank, host: world.host))
    }
  }

  /// Units on any thread of any rank.
  private func apart(
    _ units: [WorkUnit], _ threads: Int,
    _ compute: @escaping @Sendable (Int, @escaping @Sendable () -> Bool) throws -> [UInt8]
  ) throws(Refusal) -> UnitScheduler.Outcome {
    guard !units.isEmpty else { return .finished }
    let times = UnitTimes()
    let scheduler = UnitScheduler(
      units: units, settings: UnitScheduler.Settings(computeThreads: threads))
    let (journal, ledger, stop) = (journal, ledger, launch.stop)
    return try scheduler.run(
      on: world, stop: stop,
      UnitScheduler.Handlers(
        compute: { unit in
          try times.measure(unit) { try compute(unit) { stop.isRequested } }
        },
        keep: { try journal.keep($0, $1, seconds: times.take($0)) },
        sync: { try journal.sync() },
        finished: { try ledger?.take($0.unit, $0.bytes) },
        failed: { failure in
          try journal.fail(failure.unit, failure.message)
          try ledger?.note(failure)
        }, watch: inFlight))
  }

  /// Units one after another, each on all ranks; rank 0 keeps their records.
  private mutating func together(
    _ units: [WorkUnit], _ compute: (Int, UnitPlace) throws -> [UInt8]
  ) throws(Refusal) -> UnitScheduler.Outcome {
    let forgetting = Forgetting(inFlight, once: launch.stop)
    defer { forgetting.end() }
    for unit in units.map(\.number) {
      let begun = ContinuousClock.now
      let known = try sharedRecords()
      inFlight.note(unit, on: 0)
      let record: [UInt8]
      do {
        record = try compute(
          unit,
          UnitPlace(
            start: start, world: world, threads: threads, stop: launch.stop, records: known,
            advanced: { [ledger] in ledger?.advance(step: $0, of: $1) }))
      } catch is Stopped {
        inFlight.note(nil, on: 0)
        return .stopped
      } catch {
        let refusal = Refusal(error, on: world.name(of: world.rank))
        // What the numbers do is the same on all ranks, and this unit's own fault.
        guard refusal.kind == .job || refusal.kind == .model else { throw refusal }
        try world.agree {
          guard world.rank == 0 else { return }
          try journal.fail(unit, refusal.description)
          try ledger?.note(
            UnitFailure(
              unit: unit, message: refusal.description, rank: 0, host: world.hosts[0]))
        }
        inFlight.note(nil, on: 0)
        continue
      }
      inFlight.note(nil, on: 0)
      records?[unit] = record
      try world.agree {
        guard world.rank == 0 else { return }
        try journal.commit(unit, record, seconds: begun.duration(to: .now) / .seconds(1))
        try ledger?.take(unit, record)
      }
    }
    return .finished
  }

  /// What rank 0 found in the folder, on every rank; once.
  private mutating func sharedRecords() throws(Refusal) -> [Int: [UInt8]] {
    if let records { return records }
    var known: [Int: [UInt8]] = [:]
    for unit in start.done.sorted() {
      var bytes = ledger?.records[unit] ?? []
      try mpiRefusal { () throws(MPIError) in try world.broadcast(&bytes) }
      known[unit] = bytes
    }
    records = known
    return known
  }
}

/// Forgets what a rank is at as soon as it is told to stop. Where one rank of a unit dies, the launcher
/// tells the others, who wait for it in vain: their units are then not to blame, and the dead rank's,
/// whose file is left alone, is.
private final class Forgetting: Sendable {
  private let hasEnded = Locked(false)

  init(_ inFlight: UnitsInFlight, once stop: StopSignal) {
    Thread.detachNewThread { [hasEnded] in
      while !hasEnded.withLock({ $0 }) {
        if stop.isRequested { return inFlight.remove() }
        Thread.sleep(forTimeInterval: 0.05)
      }
    }
  }

  func end() { hasEnded.withLock { $0 = true } }
}
