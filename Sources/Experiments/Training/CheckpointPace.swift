package import Inputs

/// What `[run]` says of how often something long keeps its state; it changes no number.
package struct CheckpointPace: Sendable, Equatable {
  /// Steps between checkpoints, of a search its evaluations; nil: by time alone.
  package let steps: Int?
  package let seconds: Double

  static let known = ["checkpoint_steps", "checkpoint_seconds"]

  /// - Parameter field: The section `[run]`, whose other fields are read elsewhere.
  package init(_ field: JobField?) throws(Refusal) {
    let section = try field?.anyTable()
    steps = try section?.optional("checkpoint_steps").map { (field) throws(Refusal) in
      try field.int(in: 1...1 << 24)
    }
    seconds =
      try section?.optional("checkpoint_seconds").map { (field) throws(Refusal) in
        try field.double("seconds above 0 and at most 1e6") { $0 > 0 && $0 <= 1e6 }
      } ?? 60
  }

  /// Whether a state is to be kept that is so many steps on, the last one having been at a time.
  func isDue(at step: Int, since last: ContinuousClock.Instant) -> Bool {
    (steps.map { step % $0 == 0 } ?? false) || last.duration(to: .now) >= .seconds(seconds)
  }

  func added(to run: JobValue) -> JobValue {
    guard case .table(var table) = run.content else { return run }
    table["checkpoint_steps"] = steps.map(JobValue.int)
    table["checkpoint_seconds"] = .real(seconds)
    return JobValue(.table(table))
  }
}
