internal import Cluster
internal import Foundation
package import Inputs
internal import JobFiles
package import Slurm

extension BatchJob {
  /// Reads a job, its model's shape and its data, but no weights.
  ///
  /// - Parameter output: The run folder; nil: the one that the job names.
  package init(
    _ file: String, overrides: [String], output: String?
  ) throws(Refusal) {
    let document = try JobDocument(reading: file, overrides: overrides)
    let experiment = try JobKind(of: document).experiment
    let specification = try experiment.specification(document)
    guard let folder = output ?? specification.run.output?.resolved else {
      throw Refusal(
        .commandLine, file: file, field: "--output", found: "no run folder",
        expected: "--output FOLDER, or run.output in the job")
    }
    let threads = specification.run.threads ?? 1
    self.init(
      file: URL(fileURLWithPath: file).standardizedFileURL.path, overrides: overrides,
      folder: URL(fileURLWithPath: folder).standardizedFileURL.path, name: specification.name,
      slurm: specification.slurm, threads: threads,
      needs: try experiment.plan(document).needs(threads: threads))
  }
}
