internal import Foundation
package import Inputs
internal import JobFiles

/// One job as a batch script starts it.
package struct BatchJob: Sendable {
  /// The job's file, from the root of the file system.
  package let file: String
  package let overrides: [String]
  /// The run folder, from the root of the file system.
  package let folder: String
  package let name: String?
  package let slurm: SlurmSection
  /// Compute threads of a rank.
  package let threads: Int
  private let report: any CostReport

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
    self.file = URL(fileURLWithPath: file).standardizedFileURL.path
    self.folder = URL(fileURLWithPath: folder).standardizedFileURL.path
    self.overrides = overrides
    name = specification.name
    slurm = specification.slurm
    threads = specification.run.threads ?? 1
    report = try experiment.plan(document)
  }

  package func needs(threads: Int) -> RunNeeds { report.needs(threads: threads) }

  /// The words of `causeway launch` after the program's own.
  var words: [String] {
    [file, "--output", folder] + overrides.flatMap { ["--set", $0] }
  }
}
