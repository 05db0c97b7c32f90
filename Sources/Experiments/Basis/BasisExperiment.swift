package import Inputs

/// Causal bases, as the commands see them.
package enum BasisExperiment: Experiment {
  package static func specification(
    _ document: JobDocument
  ) throws(Refusal) -> any JobSpecification { try BasisSpec(document) }

  package static func plan(_ document: JobDocument) throws(Refusal) -> any CostReport {
    BasisCost(try BasisJob(BasisSpec(document)))
  }

  package static func check(_ document: JobDocument, limit: Int) throws(Refusal) -> [String] {
    let job = try BasisJob(BasisSpec(document))
    return job.data.lines(limit: limit, model: job.spec.model)
  }

  package static func run(
    _ document: JobDocument, _ launch: RunLaunch
  ) throws(Refusal) -> RunOutcome {
    try BasisRun(launch: launch).run { () throws(Refusal) in try BasisSpec(document) }
  }

  package static func progress(_ folder: String) throws(Refusal) -> any RunProgress {
    try BasisProgress(folder)
  }

  package static func verify(
    _ folder: String, _ options: VerifyOptions
  ) throws(Refusal) -> VerifyReport { try BasisVerifier.verify(folder, options) }

  package static func show(
    _ folder: String, _ options: ShowOptions
  ) throws(Refusal) -> RunPictures {
    try options.refuseChoices(of: .basis)
    return try BasisPictures(folder).pictures()
  }

  package static func export(
    _ folder: String, _ options: ExportOptions
  ) throws(Refusal) -> [String] {
    let csv = try options.table(of: .basis)
    let lines = try BasisExport(folder).writeTable(to: csv, replacing: options.force)
    return ["wrote \(lines) lines to \(csv)"]
  }
}
