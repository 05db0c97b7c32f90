package import Inputs
package import JobFiles

/// What `[run]` says of how often something long keeps its state; it changes no number.
package struct CheckpointPace: Sendable, Equatable {
  /// Steps between checkpoints, of a search its evaluations; nil: by time alone.
  package let steps: Int?
  package let seconds: Double

  /// - Parameter f: Of the section `[run]`.
  package init(_ f: inout Fields) throws(Refusal) {
    steps = try f.optional(
      "checkpoint_steps", .int(1...1 << 24), usually: "by time alone", unit: "steps",
      "Steps between states that are kept for a restart; of a search its evaluations.")
    seconds = try f.field(
      "checkpoint_seconds", .number(above: 0, to: 1e6), or: 60, unit: "seconds",
      "Time between states that are kept for a restart.")
  }

  /// Whether a state is to be kept that is so many steps on, the last one having been at a time.
  func isDue(at step: Int, since last: ContinuousClock.Instant) -> Bool {
    (steps.map { step % $0 == 0 } ?? false) || last.duration(to: .now) >= .seconds(seconds)
  }
}
