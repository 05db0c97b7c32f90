internal import Cluster
internal import Inputs
internal import ResultsStore

/// Runs lists of a trace's units over all ranks, with each rank's journal and rank 0's desk.
struct TraceSession {
  let world: Communicator
  let runner: TraceRunner
  let journal: RankJournal
  let inFlight: UnitsInFlight
  /// How often a unit's rank died.
  let deaths: [Int: Int]
  let stop: StopSignal
  let settings: UnitScheduler.Settings

  /// Collective.
  func run(_ units: [WorkUnit], _ desk: TraceDesk?) throws(Refusal) -> UnitScheduler.Outcome {
    let sorted = UnitDeaths.sort(units, by: deaths)
    desk?.begin(units.count)
    defer { desk?.end() }
    try world.agree { if let desk { try giveUp(sorted.givenUp, desk) } }
    guard try run(sorted.usual, settings, desk) == .finished else { return .stopped }
    var alone = settings
    alone.computeThreads = 1
    return try run(sorted.alone, alone, desk)
  }

  private func giveUp(_ units: [WorkUnit], _ desk: TraceDesk) throws(Refusal) {
    for unit in units {
      let reason = "its rank died \(deaths[unit.number] ?? 0) times while it was computed"
      try journal.fail(unit.number, reason)
      try desk.note(
        UnitFailure(unit: unit.number, message: reason, rank: world.rank, host: world.host))
    }
  }

  private func run(
    _ units: [WorkUnit], _ settings: UnitScheduler.Settings, _ desk: TraceDesk?
  ) throws(Refusal) -> UnitScheduler.Outcome {
    guard !units.isEmpty else { return .finished }
    let times = UnitTimes()
    let scheduler = UnitScheduler(units: units, settings: settings)
    return try scheduler.run(
      on: world, stop: stop,
      UnitScheduler.Handlers(
        compute: { [runner, times, stop] unit in
          try times.measure(unit) { try runner.compute(unit) { stop.isRequested } }
        },
        keep: { try journal.keep($0, $1, seconds: times.take($0)) },
        sync: { try journal.sync() },
        finished: { try desk?.take($0.unit, $0.bytes) },
        failed: { failure in
          try journal.fail(failure.unit, failure.message)
          try desk?.note(failure)
        }, watch: inFlight))
  }
}
