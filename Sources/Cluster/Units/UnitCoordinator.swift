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
      for assignments in try takeEnded() {
        try hand(assignments)
        isQuiet = false
      }
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
    guard !isDismissing else { return }
    for assignment in assignments {
      if assignment.rank == 0 {
        context.pool.add(assignment.unit)
      } else {
        try outbox.send(.unit(assignment.unit), to: assignment.rank)
      }
    }
  }

  /// Takes what this rank's own threads have ended; what to hand out for each.
  private func takeEnded() throws -> [[UnitQueue.Assignment]] {
    try context.takeEnded().map { ended in
      switch ended.outcome {
      case .success(let bytes):
        try finish(ended.unit, bytes, on: 0, seconds: ended.seconds)
      case .failure(let failure): try fail(ended.unit, failure.message, on: 0)
      }
    }
  }

  private func finish(
    _ unit: Int, _ bytes: [UInt8], on rank: Int, seconds: Double
  ) throws -> [UnitQueue.Assignment] {
    let next = try end(unit, on: rank)
    try context.handlers.finished(
      UnitResult(
        unit: unit, bytes: bytes, rank: rank, host: communicator.hosts[rank], seconds: seconds))
    return next
  }

  private func fail(
    _ unit: Int, _ message: String, on rank: Int
  ) throws -> [UnitQueue.Assignment] {
    let next = try end(unit, on: rank)
    try context.handlers.failed(
      UnitFailure(unit: unit, message: message, rank: rank, host: communicator.hosts[rank]))
    return next
  }

  private func end(_ unit: Int, on rank: Int) throws(MPIError) -> [UnitQueue.Assignment] {
    guard let next = queue.end(unit, on: rank) else {
      throw .malformed(
        what: "a result for unit \(unit), which \(communicator.name(of: rank)) does not have")
    }
    return next
  }

  /// Handles one message; false if there is none.
  private func handleMessage() throws -> Bool {
    guard let message = try communicator.tryReceive(tag: UnitScheduler.tag) else { return false }
    let rank = message.source
    heartbeat.hear(rank, at: .now)
    switch try UnitMessage(message.bytes) {
    case .done(let unit, let seconds, let bytes):
      try hand(try finish(unit, bytes, on: rank, seconds: seconds))
    case .failed(let unit, let text):
      try hand(try fail(unit, text, on: rank))
    case .alive: break
    case .stopRequest: isStopRequested = true
    case .fatal(let refusal):
      throw Refusal(
        refusal.kind, file: refusal.file, field: refusal.field,
        found: "\(refusal.found) (\(communicator.name(of: rank)))", expected: refusal.expected)
    case .goodbye:
      present.remove(rank)
      heartbeat.forget(rank)
    case .unit, .end:
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
