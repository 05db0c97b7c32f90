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
  /// Steps between checkpoints of a training; nil: by time alone.
  package let checkpointSteps: Int?
  package let checkpointSeconds: Double

  static let known = ["parallel", "checkpoint_steps", "checkpoint_seconds"]

  /// - Parameter field: The section `[run]`, whose other fields are read elsewhere.
  package init(_ field: JobField?) throws(Refusal) {
    let section = try field?.anyTable()
    parallel =
      try section?.optional("parallel").map { (field) throws(Refusal) in try field.choice() }
      ?? .auto
    checkpointSteps = try section?.optional("checkpoint_steps").map { (field) throws(Refusal) in
      try field.int(in: 1...1 << 24)
    }
    checkpointSeconds =
      try section?.optional("checkpoint_seconds").map { (field) throws(Refusal) in
        try field.double("seconds above 0 and at most 1e6") { $0 > 0 && $0 <= 1e6 }
      } ?? 60
  }

  func added(to run: JobValue) -> JobValue {
    guard case .table(var table) = run.content else { return run }
    table["parallel"] = .text(parallel.rawValue)
    table["checkpoint_steps"] = checkpointSteps.map(JobValue.int)
    table["checkpoint_seconds"] = .real(checkpointSeconds)
    return JobValue(.table(table))
  }
}
