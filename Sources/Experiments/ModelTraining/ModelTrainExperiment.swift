internal import Inputs

/// Training of a model's own weights, as the commands see it.
enum ModelTrainExperiment: Experiment {
  static func specification(_ document: JobDocument) throws(Refusal) -> any JobSpecification {
    try ModelTrainSpec(document)
  }

  static func plan(_ document: JobDocument) throws(Refusal) -> any CostReport {
    ModelTrainCost(try ModelTrainJob(ModelTrainSpec(document)))
  }

  static func check(_ document: JobDocument, limit: Int) throws(Refusal) -> [String] {
    let job = try ModelTrainJob(ModelTrainSpec(document))
    _ = try job.exchange(job.start())
    return try job.lines(limit: limit) + ["ok: \(job.parameterCount) parameters"]
  }

  static func run(_ document: JobDocument, _ launch: RunLaunch) throws(Refusal) -> RunOutcome {
    try ModelTrainRun(launch).run { () throws(Refusal) in try ModelTrainSpec(document) }
  }

  static func progress(_ folder: String) throws(Refusal) -> any RunProgress {
    try DasExperiment.progress(folder)
  }

  static func verify(
    _ folder: String, _ options: VerifyOptions
  ) throws(Refusal) -> VerifyReport { try DasExperiment.verify(folder, options) }

  static func show(_ folder: String, _ options: ShowOptions) throws(Refusal) -> RunPictures {
    try DasExperiment.show(folder, options)
  }

  static func export(
    _ folder: String, _ options: ExportOptions
  ) throws(Refusal) -> [String] { try DasExperiment.export(folder, options) }
}
