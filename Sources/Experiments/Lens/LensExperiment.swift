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
    return job.data.lines(limit: limit, model: job.spec.model)
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
    try options.refuseChoices(of: .lens)
    return try reader(folder).pictures()
  }

  /// One line for each step of each layer that is trained.
  package static func export(
    _ folder: String, _ options: ExportOptions
  ) throws(Refusal) -> [String] {
    let csv = try options.table(of: .lens)
    let reader = try reader(folder)
    var table = try TableFile(csv, replacing: options.force, heading: "layer,step,loss")
    for (place, layer) in reader.layout.layers.enumerated() {
      for (step, loss) in (try reader.losses(place) ?? []).enumerated() {
        try table.add("\(layer),\(step),\(loss)")
      }
    }
    let count = table.count
    try table.commit()
    return ["wrote \(count) lines to \(csv)"]
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
