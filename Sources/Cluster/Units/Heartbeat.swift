/// Who was heard from when, and when to give a sign of life oneself.
struct Heartbeat {
  /// Time between two signs of life.
  let interval: Duration
  /// The silence after which a rank counts as lost.
  let limit: Duration
  private var heard: [Int: ContinuousClock.Instant]
  private var lastBeat: ContinuousClock.Instant
  private var lastLook: ContinuousClock.Instant

  init(
    of ranks: some Sequence<Int>, interval: Duration, limit: Duration,
    now: ContinuousClock.Instant
  ) {
    self.interval = interval
    self.limit = limit
    heard = Dictionary(uniqueKeysWithValues: ranks.map { ($0, now) })
    (lastBeat, lastLook) = (now, now)
  }

  mutating func hear(_ rank: Int, at now: ContinuousClock.Instant) {
    if heard[rank] != nil { heard[rank] = now }
  }

  /// Ends the watch over a rank that has said goodbye.
  mutating func forget(_ rank: Int) { heard[rank] = nil }

  /// Whether the next sign of life is due; if so, it counts as given.
  mutating func isDue(at now: ContinuousClock.Instant) -> Bool {
    guard lastBeat.duration(to: now) >= interval else { return false }
    lastBeat = now
    return true
  }

  /// The lowest rank that was silent for longer than the limit, and for how long.
  ///
  /// Call it after all arrived messages were heard. If this process itself stood still, in a long
  /// write or stopped by a signal, the others' silence says nothing: their time begins anew.
  mutating func silent(at now: ContinuousClock.Instant) -> (rank: Int, time: Duration)? {
    defer { lastLook = now }
    if lastLook.duration(to: now) > limit / 4 {
      for rank in heard.keys { heard[rank] = now }
      return nil
    }
    let lost = heard.filter { $0.value.duration(to: now) > limit }
    return lost.min { $0.key < $1.key }.map { ($0.key, $0.value.duration(to: now)) }
  }
}
