internal import Inputs

/// Rank 0's side of the scheduler: hands out units, takes results, watches over the workers.
final class UnitCoordinator {
  private let context: UnitContext
  private let communicator: Communicator
  private var queue: UnitQueue
  private var outbox: Outbox
  private var heartbeat: Heartbeat
  /// Workers that have not said goodbye.
  private var present: Set<Int>
  private var isStopRequested = false
  private var isDismissing = false

  init(_ context: UnitContext, queue: UnitQueue) {
    self.context = context
    self.queue = queue
    communicator = context.communicator
    outbox = Outbox(communicator, tag: UnitScheduler.tag)
    present = Set(1..<communicator.size)
    heartbeat = Heartbeat(
      of: present, interval: context.settings.heartbeat, limit: context.settings.silenceLimit,
      now: .now)
  }

  func run() throws(Refusal) -> UnitScheduler.Outcome {
    do {
      try serve()
      guard queue.openCount > 0 else {
        try dismiss(.finished, within: context.settings.silenceLimit)
        return .finished
      }
      _ = try takeEnded()
      try dismiss(.stopped, within: .milliseconds(500))
      return .stopped
    } catch {
      let refusal = Refusal(error, on: communicator.name(of: 0))
      // The refusal stands, whether or not the workers can still be told.
      try? dismiss(.refused(refusal), within: .milliseconds(500))
      throw refusal
    }
  }

  /// Serves until all units are done or a stop is requested.
  private func serve() throws {
    var nap = Nap()
    try hand(queue.start())
    while queue.openCount > 0, !isStopRequested {
      if try context.stop.check() { isStopRequested = true }
      var isQuiet = true
      if try takeEnded() { isQuiet = false }
      // A few at a time: with many workers messages might never end, and signs of life are due.
      var isDrained = false
      for _ in 0..<64 where !isDrained && !isStopRequested {
        isDrained = try !handleMessage()
        if try context.stop.check() { isStopRequested = true }
        isQuiet = isQuiet && isDrained
      }
      try giveSignsOfLife()
      if isDrained { try findSilent() }
      if isQuiet { context.pool.sleep(&nap) } else { nap.reset() }
    }
  }

  private func giveSignsOfLife() throws(MPIError) {
    if heartbeat.isDue(at: .now) {
      for rank in present { try outbox.send(.alive, to: rank) }
    }
    _ = try outbox.flush()
  }

  /// Ends the job over a silent worker, once all that has arrived was heard.
  private func findSilent() throws(MPIError) {
    if let (rank, time) = heartbeat.silent(at: .now) {
      throw .silent(rank: rank, host: communicator.hosts[rank], seconds: time / .seconds(1))
    }
  }

  private func hand(_ assignments: [UnitQueue.Assignment]) throws(MPIError) {
    guard !isDismissing, !isStopRequested else { return }
    for (rank, mine) in Dictionary(grouping: assignments, by: \.rank).sorted(by: { $0.key < $1.key }
    ) {
      let units = mine.map(\.unit)
      if rank == 0 {
        units.forEach(context.pool.add)
      } else {
        try outbox.send(.units(units), to: rank)
      }
    }
  }

  /// Takes what this rank's own threads have ended, and hands out more; false if there is nothing.
  private func takeEnded() throws -> Bool {
    let all = try context.takeEnded()
    try take(all, on: 0)
    return !all.isEmpty
  }

  /// Takes what a rank has ended, and hands it more.
  private func take(_ all: [ComputePool.Ended], on rank: Int) throws {
    guard !all.isEmpty else { return }
    for ended in all {
      guard queue.end(ended.unit, on: rank, after: ended.seconds) else {
        throw MPIError.malformed(
          what:
            "a result for unit \(ended.unit), which \(communicator.name(of: rank)) does not have")
      }
    }
    try hand(queue.refill(rank))
    for ended in all {
      let host = communicator.hosts[rank]
      switch ended.outcome {
      case .success(let bytes):
        try context.handlers.finished(
          UnitResult(
            unit: ended.unit, bytes: bytes, rank: rank, host: host, seconds: ended.seconds))
      case .failure(let failure):
        try context.handlers.failed(
          UnitFailure(unit: ended.unit, message: failure.message, rank: rank, host: host))
      }
    }
  }

  /// Handles one message; false if there is none.
  private func handleMessage() throws -> Bool {
    guard let message = try communicator.tryReceive(tag: UnitScheduler.tag) else { return false }
    let rank = message.source
    heartbeat.hear(rank, at: .now)
    switch try UnitMessage(message.bytes) {
    case .ended(let all): try take(all, on: rank)
    case .alive: break
    case .stopRequest: isStopRequested = true
    case .fatal(let refusal):
      throw Refusal(
        refusal.kind, file: refusal.file, field: refusal.field,
        found: "\(refusal.found) (\(communicator.name(of: rank)))", expected: refusal.expected)
    case .goodbye:
      present.remove(rank)
      heartbeat.forget(rank)
    case .units, .end:
      throw MPIError.malformed(what: "a coordinator's message from \(communicator.name(of: rank))")
    }
    return true
  }

  /// Tells the workers that it is over, and waits until each has said goodbye.
  ///
  /// After a stop their last results still come in; who is silent then is not waited for.
  private func dismiss(_ ending: UnitMessage.Ending, within time: Duration) throws {
    isDismissing = true
    if ending != .finished {
      context.stop.request()
      context.handlers.watch?.giveUp()
    }
    context.pool.close()
    let start = ContinuousClock.now
    for rank in present { try outbox.send(.end(ending), to: rank) }
    var nap = Nap()
    while try !outbox.flush() || !present.isEmpty {
      if try handleLast(ending) {
        nap.reset()
        continue
      }
      guard start.duration(to: .now) < time else {
        guard ending == .finished, let rank = present.min() else { return }
        throw MPIError.silent(
          rank: rank, host: communicator.hosts[rank], seconds: time / .seconds(1))
      }
      nap.sleep()
    }
  }

  /// Handles a message after the end. Where the job is refused nothing counts but goodbyes.
  private func handleLast(_ ending: UnitMessage.Ending) throws -> Bool {
    guard case .refused = ending else { return try handleMessage() }
    guard let message = try communicator.tryReceive(tag: UnitScheduler.tag) else { return false }
    if try UnitMessage(message.bytes) == .goodbye { present.remove(message.source) }
    return true
  }
}
