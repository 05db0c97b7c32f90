package import Inputs
package import JobFiles
package import ResultsStore

/// One kind of job: what each command of the command line does for it.
///
/// `plan`, `check`, `specification` and `run` begin from a job's file; the others from a run's
/// folder alone, also while it is written.
package protocol Experiment {
  /// What reads its jobs.
  static var specification: any JobSpecification.Type { get }
  /// What it is for, on one line.
  static var summary: String { get }
  /// The checked job with its defaults; reads no other file.
  static func specification(_ document: JobDocument) throws(Refusal) -> any JobSpecification
  /// What the job will cost; reads no weights.
  static func plan(_ document: JobDocument) throws(Refusal) -> any CostReport
  /// Resolves the job against its model and data, and says what it found, a line each, the prompts
  /// at most `limit` of them.
  static func check(_ document: JobDocument, limit: Int) throws(Refusal) -> [String]
  /// Runs or resumes the job. Collective; all ranks return or throw the same.
  static func run(_ document: JobDocument, _ launch: RunLaunch) throws(Refusal) -> RunOutcome
  static func progress(_ folder: String) throws(Refusal) -> any RunProgress
  static func verify(_ folder: String, _ options: VerifyOptions) throws(Refusal) -> VerifyReport
  static func show(_ folder: String, _ options: ShowOptions) throws(Refusal) -> RunPictures
  /// Writes a run's results in other forms, and says what it wrote, a line each.
  static func export(_ folder: String, _ options: ExportOptions) throws(Refusal) -> [String]
}

/// What `status` prints.
package protocol RunProgress {
  /// Of long lists, the first `limit`.
  func lines(limit: Int) -> [String]
  var json: String { get }
  /// What `json` is of, for a run that begins with this one.
  var attribute: Attribute { get }
  /// 0 where all is done, 1 where some of it failed, 75 where some is left.
  var exitCode: Int32 { get }
}
