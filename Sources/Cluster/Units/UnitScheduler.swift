public import Inputs

/// Runs numbered units on all compute threads of all ranks, each unit once.
///
/// No rank only coordinates: rank 0 serves the others from its main thread, which sleeps between
/// messages, and computes on other threads like every rank. On each rank the calling thread alone
/// calls MPI and the closures `keep`, `sync`, `finished` and `failed`; only `compute` runs elsewhere,
/// and what watches it.
public struct UnitScheduler: Sendable {
  /// The tag of the scheduler's messages, which no message of the program may have.
  static let tag = 32_767

  /// How a rank takes part; only the compute threads may differ between ranks.
  public struct Settings: Sendable {
    /// Threads of this rank that compute units, 1 or more.
    public var computeThreads: Int
    /// Time between two signs of life of a rank.
    public var heartbeat: Duration
    /// The silence after which a rank counts as lost, and the job ends.
    ///
    /// A `sync` or `finished` that takes longer looks like silence to the other ranks.
    public var silenceLimit: Duration

    /// The heartbeat must be shorter than the limit.
    public init(
      computeThreads: Int, heartbeat: Duration = .seconds(2), silenceLimit: Duration = .seconds(45)
    ) {
      precondition(computeThreads > 0, "\(computeThreads) compute threads")
      precondition(heartbeat < silenceLimit, "heartbeat \(heartbeat), limit \(silenceLimit)")
      self.computeThreads = computeThreads
      self.heartbeat = heartbeat
      self.silenceLimit = silenceLimit
    }
  }

  /// How a run ended.
  public enum Outcome: Sendable, Equatable {
    /// Each unit went to `finished` or to `failed`.
    case finished
    /// A stop was requested. What is not done is given up, and threads may still be at it: end
    /// the process with `MPIEnvironment.leave(code: 75)`.
    case stopped
  }

  private let units: [WorkUnit]
  private let settings: Settings

  /// - Parameter units: Each number once; the same on all ranks.
  public init(units: [WorkUnit], settings: Settings) {
    (self.units, self.settings) = (units, settings)
  }

  /// What the program does with units; on rank 0 all of it, elsewhere all but the sinks.
  public struct Handlers {
    /// Computes a unit, on any compute thread. An error fails this unit only; one that looks at the
    /// stop signal and throws `Stopped` then lets the job end sooner.
    public let compute: @Sendable (_ unit: Int) throws -> [UInt8]
    /// Takes a result on the rank that computed it. An error ends the job on all ranks.
    public let keep: (_ unit: Int, _ bytes: [UInt8]) throws -> Void
    /// Makes all that were kept durable, before rank 0 hears of them: one call for as many as have
    /// ended. An error ends the job on all ranks.
    public let sync: () throws -> Void
    /// Takes a result on rank 0, in the order of arrival. An error ends the job on all ranks.
    public let finished: (UnitResult) throws -> Void
    /// Takes note on rank 0 of a unit that failed. An error ends the job on all ranks.
    public let failed: (UnitFailure) throws -> Void
    /// Is told what each thread of this rank is at.
    public let watch: (any UnitWatch)?

    /// On other ranks than 0, `finished` and `failed` are never called.
    public init(
      compute: @escaping @Sendable (_ unit: Int) throws -> [UInt8],
      keep: @escaping (_ unit: Int, _ bytes: [UInt8]) throws -> Void,
      sync: @escaping () throws -> Void,
      finished: @escaping (UnitResult) throws -> Void,
      failed: @escaping (UnitFailure) throws -> Void,
      watch: (any UnitWatch)? = nil
    ) {
      (self.compute, self.keep, self.sync) = (compute, keep, sync)
      (self.finished, self.failed, self.watch) = (finished, failed, watch)
    }
  }

  /// Runs all units. Collective; all ranks return or throw the same.
  ///
  /// The exception is a rank that hears nothing from rank 0, which returns or throws alone.
  ///
  /// - Parameter stop: Looked at on every rank; a request on any stops all.
  /// - Throws: A refusal: the first one of `keep`, `sync` or a sink, or one that names a silent rank.
  public func run(
    on communicator: Communicator, stop: StopSignal, _ handlers: Handlers
  ) throws(Refusal) -> Outcome {
    let pool = try communicator.agree {
      try ComputePool(
        threads: settings.computeThreads, compute: handlers.compute, watch: handlers.watch)
    }
    defer {
      pool.close()
      // Most units end soon, and the job can then end in order.
      if !pool.isQuiet(within: .milliseconds(300)) {
        communicator.session.hasAbandonedThreads = true
      }
    }
    let threads = try compareUnits(on: communicator)
    let context = UnitContext(
      communicator: communicator, pool: pool, settings: settings, stop: stop, handlers: handlers)
    guard communicator.rank == 0 else {
      let worker = UnitWorker(context)
      return try worker.run()
    }
    let coordinator = UnitCoordinator(context, queue: UnitQueue(units: units, threads: threads))
    return try coordinator.run()
  }

  /// The compute threads of all ranks, after a check that all have the same units.
  private func compareUnits(on communicator: Communicator) throws(Refusal) -> [Int] {
    var list = WireWriter()
    for unit in units {
      list.integer(unit.number)
      list.double(unit.cost)
    }
    var card = WireWriter()
    card.integer(settings.computeThreads)
    card.integer(units.count)
    card.string(Digest.of(list.bytes))
    let bytes = card.bytes
    let cards = try mpiRefusal { () throws(MPIError) in try communicator.allGather(bytes) }
    var threads: [Int] = []
    for (rank, card) in cards.enumerated() {
      guard card.dropFirst(8) == cards[0].dropFirst(8) else {
        throw Refusal(
          .cluster, field: communicator.name(of: rank), found: "another list of units",
          expected: "the \(units.count) units of rank 0; all ranks must read the same job")
      }
      var reader = WireReader(card)
      threads.append(try mpiRefusal { () throws(MPIError) in try reader.integer() })
    }
    return threads
  }
}

/// What both sides of the scheduler use.
struct UnitContext {
  let communicator: Communicator
  let pool: ComputePool
  let settings: UnitScheduler.Settings
  let stop: StopSignal
  let handlers: UnitScheduler.Handlers

  /// The units that this rank's threads have ended since the last call, made durable with one sync
  /// for all of them.
  func takeEnded() throws -> [ComputePool.Ended] {
    let all = pool.takeEnded()
    var isKept = false
    for ended in all {
      guard case .success(let bytes) = ended.outcome else { continue }
      try handlers.keep(ended.unit, bytes)
      isKept = true
    }
    if isKept { try handlers.sync() }
    return all
  }
}
