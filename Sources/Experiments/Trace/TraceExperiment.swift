package import Inputs

/// Causal tracing, as the commands see it.
package enum TraceExperiment: Experiment {
  package static func specification(
    _ document: JobDocument
  ) throws(Refusal) -> any JobSpecification { try TraceSpec(document) }

  package static func plan(_ document: JobDocument) throws(Refusal) -> any CostReport {
    PlanReport(try TraceJob(TraceSpec(document)))
  }

  package static func check(_ document: JobDocument, limit: Int) throws(Refusal) -> [String] {
    let checked = try TraceJob(TraceSpec(document))
    return checked.promptLines(limit: limit) + ["ok: \(checked.facts.count) facts"]
  }

  package static func run(
    _ document: JobDocument, _ launch: RunLaunch
  ) throws(Refusal) -> RunOutcome {
    switch try TraceRun(launch).run({ () throws(Refusal) in try TraceSpec(document) }) {
    case .stopped: .stopped
    case .finished(let facts, let traced, let units, let failed):
      .finished(
        summary: "\(traced) of \(facts) facts traced, \(units) units, \(failed) failed",
        failed: failed)
    }
  }

  package static func progress(_ folder: String) throws(Refusal) -> any RunProgress {
    try TraceProgress(folder)
  }

  package static func verify(
    _ folder: String, _ options: VerifyOptions
  ) throws(Refusal) -> VerifyReport { try TraceVerifier.verify(folder, options) }

  package static func export(
    _ folder: String, _ options: ExportOptions
  ) throws(Refusal) -> [String] {
    let csv = try options.table(of: .trace)
    let lines = try TraceExport(folder, bySample: !options.mean)
      .write(to: csv, replacing: options.force)
    return ["wrote \(lines) lines to \(csv)"]
  }

  package static func show(
    _ folder: String, _ options: ShowOptions
  ) throws(Refusal) -> RunPictures {
    let average = options.average
    let figures = try TraceFigures(folder, site: options.site, metric: options.metric)
    let chosen = average ? nil : try figures.fact(options.fact)
    let averages = options.fact == nil ? try figures.averageMaps() : nil
    guard chosen != nil || averages != nil else {
      throw Refusal(
        .store, file: folder, found: average ? "no averages yet" : "no fact that is traced yet",
        expected: average ? "a finished run with a traced fact" : "a fact whose clean run is known")
    }
    var items = (averages ?? []).map { RunPictures.Item.heatMap($0) }
    guard let chosen else {
      return RunPictures(items, figure: try figures.averageFigure())
    }
    items.append(.text(figures.title(of: chosen)))
    items += try figures.maps(of: chosen).map { .heatMap($0) }
    return RunPictures(items, figure: try figures.figure(of: chosen))
  }
}
