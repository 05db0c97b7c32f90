internal import Inputs

/// Another rank's side of the scheduler: computes what it is given, and reports to rank 0.
final class UnitWorker {
  /// How long rank 0 may take to answer a worker that must end; then the worker ends alone.
  private static let lastWait = Duration.milliseconds(1500)

  private let context: UnitContext
  private let communicator: Communicator
  private var outbox: Outbox
  private var heartbeat: Heartbeat
  private let pace: UnitPace
  /// What has ended and is not reported, its bytes, and when the last report was.
  private var unreported: (ended: [ComputePool.Ended], bytes: Int, since: ContinuousClock.Instant)
  /// How this worker must end, and since when it waits for rank 0 to say so.
  private var wish: (ending: UnitMessage.Ending, since: ContinuousClock.Instant)?

  init(_ context: UnitContext) {
    self.context = context
    communicator = context.communicator
    outbox = Outbox(communicator, tag: UnitScheduler.tag)
    pace = UnitPace(ranks: communicator.size)
    unreported = ([], 0, .now)
    heartbeat = Heartbeat(
      of: [0], interval: context.settings.heartbeat, limit: context.settings.silenceLimit,
      now: .now)
  }

  func run() throws(Refusal) -> UnitScheduler.Outcome {
    do {
      switch try serve() {
      case .finished:
        try sayGoodbye()
        return .finished
      case .stopped:
        context.stop.request()
        context.handlers.watch?.giveUp()
        context.pool.close()
        try reportLast()
        try sayGoodbye()
        return .stopped
      case .refused(let refusal):
        context.stop.request()
        try sayGoodbye()
        throw refusal
      }
    } catch {
      context.handlers.watch?.giveUp()
      // Rank 0 knows nothing of what MPI did here, or cannot be told.
      if error is MPIError { communicator.session.hasLostCoordinator = true }
      throw Refusal(error, on: communicator.name(of: communicator.rank))
    }
  }

  /// Serves until rank 0 says that it is over.
  private func serve() throws -> UnitMessage.Ending {
    var nap = Nap()
    while true {
      var isQuiet = true
      while let message = try communicator.tryReceive(from: 0, tag: UnitScheduler.tag) {
        isQuiet = false
        heartbeat.hear(0, at: .now)
        switch try UnitMessage(message.bytes) {
        case .units(let units): units.forEach(context.pool.add)
        case .alive: break
        case .end(let ending): return ending
        default: throw MPIError.malformed(what: "a worker's message from rank 0")
        }
      }
      if let wish {
        if wish.since.duration(to: .now) > UnitWorker.lastWait {
          if case .refused = wish.ending { communicator.session.hasLostCoordinator = true }
          return wish.ending
        }
      } else if try !passStop(), try report() {
        isQuiet = false
      }
      try watch()
      if isQuiet { context.pool.sleep(&nap) } else { nap.reset() }
    }
  }

  /// Tells rank 0 that this worker must end, and why; from then on it waits for the answer.
  private func ask(for ending: UnitMessage.Ending) throws(MPIError) {
    wish = (ending, .now)
    // mpirun leaves a second between its signal and the end.
    context.handlers.watch?.giveUp()
    if case .refused(let refusal) = ending {
      try outbox.send(.fatal(refusal), to: 0)
    } else {
      try outbox.send(.stopRequest, to: 0)
    }
  }

  /// Passes on a stop that was requested here; false if none was.
  private func passStop() throws(MPIError) -> Bool {
    do throws(Refusal) {
      guard try context.stop.check() else { return false }
    } catch {
      try ask(for: .refused(error))
      return true
    }
    try ask(for: .stopped)
    return true
  }

  /// Sends what is due, and finds out whether rank 0 is silent.
  private func watch() throws(MPIError) {
    let now = ContinuousClock.now
    if heartbeat.isDue(at: now) { try outbox.send(.alive, to: 0) }
    _ = try outbox.flush()
    if let (_, time) = heartbeat.silent(at: now) {
      throw .silent(rank: 0, host: communicator.hosts[0], seconds: time / .seconds(1))
    }
  }

  /// Makes the units that have ended durable, and reports them when that is due; false if there are
  /// none.
  ///
  /// Results that cannot be made durable end the job: this worker tells rank 0, and waits.
  private func report(now isLast: Bool = false) throws(MPIError) -> Bool {
    let all: [ComputePool.Ended]
    do {
      all = try context.takeEnded()
    } catch {
      try ask(for: .refused(Refusal(error, on: communicator.name(of: communicator.rank))))
      return true
    }
    for ended in all {
      unreported.ended.append(ended)
      if case .success(let bytes) = ended.outcome { unreported.bytes += bytes.count }
    }
    guard !unreported.ended.isEmpty else { return false }
    let elapsed = unreported.since.duration(to: .now) / .seconds(1)
    if isLast || unreported.bytes >= UnitPace.bytes
      || pace.isDue(after: elapsed, waits: context.pool.waits)
    {
      try outbox.send(.ended(unreported.ended), to: 0)
      unreported = ([], 0, .now)
    }
    return !all.isEmpty
  }

  /// Reports what ended before a stop took effect.
  private func reportLast() throws {
    _ = try report(now: true)
    if case .refused(let refusal)? = wish?.ending {
      try sayGoodbye()
      throw refusal
    }
  }

  /// The last message; waits until all messages have left, or rank 0 shows no interest in them.
  private func sayGoodbye() throws(MPIError) {
    try outbox.send(.goodbye, to: 0)
    let start = ContinuousClock.now
    var nap = Nap()
    while try !outbox.flush(), start.duration(to: .now) < .milliseconds(500) { nap.sleep() }
  }
}
