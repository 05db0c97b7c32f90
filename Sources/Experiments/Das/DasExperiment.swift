internal import Inputs

/// Distributed training of interventions, as the commands see it.
enum DasExperiment: Experiment {
  static func specification(_ document: JobDocument) throws(Refusal) -> any JobSpecification {
    try DasSpec(document)
  }

  static func plan(_ document: JobDocument) throws(Refusal) -> any CostReport {
    DasCost(try DasJob(DasSpec(document)))
  }

  static func check(_ document: JobDocument, limit: Int) throws(Refusal) -> [String] {
    let job = try DasJob(DasSpec(document))
    return try job.lines(limit: limit) + ["ok: \(job.grid.count) trainings"]
  }

  static func run(_ document: JobDocument, _ launch: RunLaunch) throws(Refusal) -> RunOutcome {
    try DasRun(launch).run { () throws(Refusal) in try DasSpec(document) }
  }

  static func progress(_ folder: String) throws(Refusal) -> any RunProgress {
    try DasProgress(folder)
  }

  static func verify(
    _ folder: String, _ options: VerifyOptions
  ) throws(Refusal) -> VerifyReport { try DasVerifier.verify(folder, options) }

  static func show(_ folder: String, _ options: ShowOptions) throws(Refusal) -> RunPictures {
    // Also draws models that were trained.
    try options.refuseChoices(of: JobKind(ofRun: folder), butMetric: true)
    return try DasFigures(folder).pictures(options.metric)
  }

  static func export(
    _ folder: String, _ options: ExportOptions
  ) throws(Refusal) -> [String] {
    let csv = try options.table(of: JobKind(ofRun: folder))
    let lines = try DasExport(folder).write(to: csv, replacing: options.force)
    return ["wrote \(lines) lines to \(csv)"]
  }
}
