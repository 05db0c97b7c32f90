internal import Cluster
internal import Inputs

/// Runs lists of a trace's units over all ranks, with each rank's journal and rank 0's desk.
struct TraceSession {
  let world: Communicator
  let runner: TraceRunner
  let journal: RankJournal
  let stop: StopSignal
  let settings: UnitScheduler.Settings

  /// Collective.
  func run(_ units: [WorkUnit], _ desk: TraceDesk?) throws(Refusal) -> UnitScheduler.Outcome {
    desk?.begin(units.count)
    defer { desk?.end() }
    guard !units.isEmpty else { return .finished }
    let times = UnitTimes()
    let scheduler = UnitScheduler(units: units, settings: settings)
    return try scheduler.run(
      on: world, stop: stop,
      UnitScheduler.Handlers(
        compute: { [runner, times] unit in try times.measure(unit) { try runner.compute(unit) } },
        commit: { try journal.commit($0, $1, seconds: times.take($0)) },
        finished: { try desk?.take($0.unit, $0.bytes) },
        failed: { failure in
          try journal.fail(failure.unit, failure.message)
          try desk?.note(failure)
        }))
  }
}
