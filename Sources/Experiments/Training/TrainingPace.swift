package import Inputs
package import JobFiles

/// What `[run]` says of trainings; it changes no number.
package struct TrainingPace: Sendable, Equatable {
  /// How the trainings of a job go over ranks.
  package enum Parallel: String, CaseIterable, Sendable {
    /// Side by side where there are enough for all threads, else data-parallel.
    case auto
    /// One training a thread.
    case units
    /// Every training on all ranks, microbatch by microbatch.
    case data
  }

  package let parallel: Parallel
  package let checkpoints: CheckpointPace

  /// - Parameter f: Of the section `[run]`.
  package init(_ f: inout Fields) throws(Refusal) {
    parallel = try f.field(
      "parallel", .choice(), or: .auto,
      "units: one training a thread, side by side; data: each on all ranks, microbatch by "
        + "microbatch; auto: side by side where there are two or more for each thread.")
    checkpoints = try CheckpointPace(&f)
  }
}
