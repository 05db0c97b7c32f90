internal import Glibc

/// A sleep that grows from 20 µs, in place of the whole core that a blocking MPI call burns.
struct Nap {
  /// The longest sleep while an answer is expected, in microseconds.
  static let attentive: UInt32 = 500
  /// The longest sleep of a rank that has nothing to do and waits for others, in microseconds.
  static let idle: UInt32 = 5_000
  /// Polls before the first sleep: most answers on one host come within them.
  private static let polls = 100

  private var polled = 0
  private var next: UInt32 = 20

  mutating func reset() {
    polled = 0
    next = 20
  }

  /// The time to sleep now, in microseconds; 0 while it is too early for sleep.
  mutating func microseconds(limit: UInt32 = attentive) -> UInt32 {
    polled += 1
    guard polled > Nap.polls else { return 0 }
    let now = min(next, limit)
    next = min(next * 2, limit)
    return now
  }

  mutating func sleep(limit: UInt32 = attentive) {
    let time = microseconds(limit: limit)
    if time > 0 { usleep(time) } else { sched_yield() }
  }
}
