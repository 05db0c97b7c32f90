internal import Checkpoints
internal import Foundation
package import Inputs
internal import ResultsStore

/// Tuned lenses, as the commands see them.
package enum LensExperiment: Experiment {
  package static func specification(
    _ document: JobDocument
  ) throws(Refusal) -> any JobSpecification { try LensSpec(document) }

  package static func plan(_ document: JobDocument) throws(Refusal) -> any CostReport {
    LensCost(try LensJob(LensSpec(document)))
  }

  package static func check(_ document: JobDocument, limit: Int) throws(Refusal) -> [String] {
    let job = try LensJob(LensSpec(document))
    return job.data.lines(limit: limit, model: job.spec.model) + [
      "ok: \(job.data.texts.count) texts"
    ]
  }

  package static func run(
    _ document: JobDocument, _ launch: RunLaunch
  ) throws(Refusal) -> RunOutcome {
    try LensRun(launch: launch).run { () throws(Refusal) in try LensSpec(document) }
  }

  package static func progress(_ folder: String) throws(Refusal) -> any RunProgress {
    try LensProgress(folder)
  }

  package static func verify(
    _ folder: String, _ options: VerifyOptions
  ) throws(Refusal) -> VerifyReport { try LensVerifier.verify(folder, options) }

  package static func show(
    _ folder: String, _ options: ShowOptions
  ) throws(Refusal) -> RunPictures {
    try options.refuse(options.fact != nil, "--fact", of: .lens)
    try options.refuse(options.site != nil, "--site", of: .lens)
    try options.refuse(options.metric != nil, "--metric", of: .lens)
    try options.refuse(options.average, "--average", of: .lens)
    return try reader(folder).pictures()
  }

  /// One line for each step of each layer that is trained.
  package static func export(
    _ folder: String, _ options: ExportOptions
  ) throws(Refusal) -> [String] {
    guard let csv = options.csv, !options.mean else {
      throw Refusal(
        .commandLine, field: options.csv == nil ? "--csv" : "--mean",
        found: options.csv == nil ? "no file to write" : "the option, for a run of kind lens",
        expected: options.csv == nil ? "--csv FILE" : "no such option")
    }
    guard options.force || !FileManager.default.fileExists(atPath: csv) else {
      throw Refusal(
        .commandLine, file: csv, found: "a file that is there", expected: "a new name, or --force")
    }
    let reader = try reader(folder)
    var lines = ["layer,step,loss"]
    for (place, layer) in reader.layout.layers.enumerated() {
      for (step, loss) in (try reader.losses(place) ?? []).enumerated() {
        lines.append("\(layer),\(step),\(loss)")
      }
    }
    var file = try AtomicFile(csv)
    try file.write(Array((lines.joined(separator: "\n") + "\n").utf8))
    try file.commit()
    return ["wrote \(lines.count - 1) lines to \(csv)"]
  }

  private static func reader(_ path: String) throws(Refusal) -> LensReader {
    let folder = try RunFolder.open(path)
    guard let reader = try LensReader(folder) else {
      throw Refusal(
        .store, file: folder.path, found: "a run that has only begun", expected: "results")
    }
    return reader
  }
}
