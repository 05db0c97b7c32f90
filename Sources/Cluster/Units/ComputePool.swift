internal import Dispatch
internal import Glibc
internal import Inputs
internal import Locks

/// The threads of one rank that compute units, apart from the one that calls MPI.
package final class ComputePool: Sendable {
  /// A unit that a thread has ended.
  struct Ended: Sendable, Equatable {
    let unit: Int
    let seconds: Double
    /// The bytes, or the error in words.
    let outcome: Result<[UInt8], Failure>
  }

  struct Failure: Error, Equatable { let message: String }

  private struct State {
    var waiting: [Int] = []
    var ended: [Ended] = []
    var running = 0
    /// Threads that have begun.
    var threads = 0
    var isClosed = false
  }

  private let state = Locked(State())
  private let work = DispatchSemaphore(value: 0)
  private let news = DispatchSemaphore(value: 0)
  private let compute: @Sendable (Int) throws -> [UInt8]
  private let watch: (any UnitWatch)?

  /// Of a thread's stack, whatever the limit of the shell.
  package static let stackBytes = 8 << 20

  /// Starts the threads.
  ///
  /// - Throws: A refusal of kind `resources` where the system gives no thread.
  init(
    threads: Int, compute: @escaping @Sendable (Int) throws -> [UInt8], watch: (any UnitWatch)?
  ) throws(Refusal) {
    self.compute = compute
    self.watch = watch
    for number in 0..<threads {
      let code = start()
      guard code == 0 else {
        close()
        throw Refusal(
          .resources, field: "compute threads",
          found: "thread \(number + 1) not started (\(String(cString: strerror(code))))",
          expected: "\(threads) threads; see ulimit -u and -v")
      }
    }
  }

  private func start() -> Int32 {
    withUnsafeTemporaryAllocation(of: pthread_attr_t.self, capacity: 1) { memory in
      guard let attributes = memory.baseAddress else { return ENOMEM }
      pthread_attr_init(attributes)
      defer { pthread_attr_destroy(attributes) }
      pthread_attr_setstacksize(attributes, Self.stackBytes)
      pthread_attr_setdetachstate(attributes, Int32(PTHREAD_CREATE_DETACHED))
      var thread = pthread_t()
      let pool = Unmanaged.passRetained(self)
      let code = pthread_create(&thread, attributes, computeUnits, pool.toOpaque())
      if code != 0 { pool.release() }
      return code
    }
  }

  func add(_ unit: Int) {
    state.withLock { $0.waiting.append(unit) }
    work.signal()
  }

  /// Units ended since the last call.
  func takeEnded() -> [Ended] {
    state.withLock { state in
      defer { state.ended = [] }
      return state.ended
    }
  }

  /// Whether there are units that no thread has begun.
  var waits: Bool { state.withLock { !$0.waiting.isEmpty } }

  /// Sleeps as the nap says, but wakes when a unit ends.
  func sleep(_ nap: inout Nap) {
    let time = nap.microseconds()
    if time == 0 { sched_yield() } else { _ = news.wait(timeout: .now() + .microseconds(time)) }
  }

  /// Drops what waits. Threads end when they have computed what they have, or given it up.
  func close() {
    state.withLock { state in
      state.waiting = []
      state.isClosed = true
    }
    // Each thread that wakes to find the pool closed wakes the next.
    work.signal()
  }

  /// Whether no thread computes any more, or ceases to within the time.
  func isQuiet(within time: Duration) -> Bool {
    let start = ContinuousClock.now
    while state.withLock({ $0.running > 0 }) {
      guard start.duration(to: .now) < time else { return false }
      usleep(2000)
    }
    return true
  }

  /// What each thread does.
  fileprivate func run() {
    let thread = state.withLock { state in
      defer { state.threads += 1 }
      return state.threads
    }
    while true {
      work.wait()
      let next: Int? = state.withLock { state in
        guard !state.isClosed, !state.waiting.isEmpty else { return nil }
        state.running += 1
        return state.waiting.removeFirst()
      }
      guard let unit = next else {
        if state.withLock({ $0.isClosed }) { break }
        continue
      }
      watch?.begins(unit, on: thread)
      let start = ContinuousClock.now
      let outcome: Result<[UInt8], Failure>?
      do {
        outcome = .success(try compute(unit))
      } catch is Stopped {
        // Of a stop: the unit is neither done nor failed.
        outcome = nil
      } catch {
        // Whole: what a refusal advises comes last in it.
        outcome = .failure(Failure(message: escaped("\(error)", limit: 4000)))
      }
      let seconds = start.duration(to: .now) / .seconds(1)
      watch?.ends(on: thread)
      state.withLock { state in
        state.running -= 1
        if let outcome {
          state.ended.append(Ended(unit: unit, seconds: seconds, outcome: outcome))
        }
      }
      news.signal()
    }
    work.signal()
  }
}

/// At file scope: a closure could inherit its maker's isolation, and trap on this thread.
private func computeUnits(_ pool: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let pool else { return nil }
  Unmanaged<ComputePool>.fromOpaque(pool).takeRetainedValue().run()
  return nil
}
