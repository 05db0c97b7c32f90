package import Inputs

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

  static let known = ["parallel"] + CheckpointPace.known

  /// - Parameter field: The section `[run]`, whose other fields are read elsewhere.
  package init(_ field: JobField?) throws(Refusal) {
    parallel =
      try field?.anyTable().optional("parallel").map { (field) throws(Refusal) in
        try field.choice()
      } ?? .auto
    checkpoints = try CheckpointPace(field)
  }

  func added(to run: JobValue) -> JobValue {
    guard case .table(var table) = checkpoints.added(to: run).content else { return run }
    table["parallel"] = .text(parallel.rawValue)
    return JobValue(.table(table))
  }
}
