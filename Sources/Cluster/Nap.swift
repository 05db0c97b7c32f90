internal import Glibc

/// A sleep that grows, in place of the whole core that a blocking MPI call burns.
///
/// From 20 µs to 0.5 ms at first. In a quiet that lasts, to a fiftieth of it and 5 ms at most: who
/// has waited for long loses little by noticing late.
struct Nap {
  /// Polls before the first sleep: most answers on one host come within them.
  private static let polls = 100

  private var polled = 0
  private var next = 20
  private var slept = 0

  mutating func reset() { self = Nap() }

  /// The time to sleep now, in microseconds; 0 while it is too early for sleep.
  mutating func microseconds() -> Int {
    polled += 1
    guard polled > Nap.polls else { return 0 }
    let now = next
    slept += now
    next = min(next * 2, max(500, min(5_000, slept / 50)))
    return now
  }

  mutating func sleep() {
    let time = microseconds()
    if time > 0 { usleep(UInt32(time)) } else { sched_yield() }
  }
}
