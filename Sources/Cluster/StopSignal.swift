internal import Glibc
public import Inputs
internal import Locks
internal import Synchronization

/// A request to stop in good order: no new work, what is finished is kept.
public final class StopSignal: Sendable {
  private let requested = Atomic<Bool>(false)
  private let cause = Locked<Refusal?>(nil)
  private let followsSignals: Bool

  /// A request made by `request` alone.
  public init() { followsSignals = false }

  private init(followingSignals: Bool) { followsSignals = followingSignals }

  /// Whether a stop was asked for, by a signal or by `request`.
  public var isRequested: Bool {
    requested.load(ordering: .acquiring)
      || followsSignals && signalCount.load(ordering: .acquiring) > 0
  }

  /// Asks for a stop, from any thread.
  public func request() { requested.store(true, ordering: .releasing) }

  /// Asks for a stop from any thread because the job cannot go on: the scheduler then ends on all
  /// ranks with this refusal, the first one where there are several.
  public func request(because refusal: Refusal) {
    cause.withLock { $0 = $0 ?? refusal }
    request()
  }

  /// Whether a stop was asked for; throws where that was because the job cannot go on.
  func check() throws(Refusal) -> Bool {
    guard isRequested else { return false }
    if let refusal = cause.withLock({ $0 }) { throw refusal }
    return true
  }

  /// A request made by SIGTERM, SIGINT, SIGHUP or SIGUSR1, whose handlers this installs.
  ///
  /// `mpirun` passes SIGUSR1 on to all ranks; with SIGTERM they have a second. A second SIGINT
  /// ends the process at once with code 75. SIGHUP stays ignored where it is, as under `nohup`.
  ///
  /// - Parameter seconds: After so long a stop is taken for stuck, in a library say, and the process
  ///   ends as it is, with code 75: what counts is durable at any moment. nil: it is waited for.
  public static func installed(givingUpAfter seconds: UInt32? = nil) -> StopSignal {
    patience.store(seconds ?? 0, ordering: .releasing)
    // The first use of a global initialises it, which a handler must not do.
    _ = signalCount.load(ordering: .relaxed)
    _ = interruptCount.load(ordering: .relaxed)
    var handled = sigset_t()
    sigemptyset(&handled)
    for signal in [SIGTERM, SIGINT, SIGHUP, SIGUSR1] {
      var old = sigaction()
      sigaction(signal, nil, &old)
      // SIG_IGN is the address 1, a cast that Swift does not import.
      let isIgnored =
        unsafeBitCast(old.__sigaction_handler.sa_handler, to: UInt.self) == 1
      guard signal != SIGHUP || !isIgnored else { continue }
      var action = sigaction()
      action.__sigaction_handler.sa_handler = noteSignal
      action.sa_flags = SA_RESTART
      sigaction(signal, &action, nil)
      sigaddset(&handled, signal)
    }
    if seconds != nil {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = giveUp
      sigaction(SIGALRM, &action, nil)
      sigaddset(&handled, SIGALRM)
    }
    // A parent that blocks them, as Swift's own task threads do, passes that on.
    pthread_sigmask(SIG_UNBLOCK, &handled, nil)
    return StopSignal(followingSignals: true)
  }
}

private let signalCount = Atomic<Int>(0)
private let interruptCount = Atomic<Int>(0)
/// Seconds from the first signal to the end of a process that does not stop; 0 for no end.
private let patience = Atomic<UInt32>(0)

private func noteSignal(_ signal: Int32) {
  let first = signalCount.add(1, ordering: .acquiringAndReleasing).oldValue == 0
  let seconds = patience.load(ordering: .acquiring)
  if first, seconds > 0 { alarm(seconds) }
  guard signal == SIGINT else { return }
  let earlier = interruptCount.add(1, ordering: .acquiringAndReleasing).oldValue
  if earlier > 0 { _exit(75) }
}

private func giveUp(_ signal: Int32) {
  let text: StaticString = "causeway: the stop is stuck; ended as it is, the same command goes on\n"
  _ = write(2, text.utf8Start, text.utf8CodeUnitCount)
  _exit(75)
}
