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
      file: absolute(file), course: .launched(overrides: overrides), output: absolute(folder),
      name: specification.name, slurm: specification.slurm, threads: threads,
      needs: try experiment.plan(document).needs(threads: threads))
  }

  /// Reads a specification of one intervened run, its model's shape and its data, but no weights.
  ///
  /// - Parameters:
  ///   - models: The folder in which its model is a name.
  ///   - saveTo: A folder for the interventions as they are after the run.
  ///   - overrides: Fields of `[slurm]`, which a specification has not.
  package init(
    specification file: String, models: String?, saveTo: String?, overrides: [String],
    output: String?
  ) throws(Refusal) {
    guard let output else {
      throw Refusal(
        .commandLine, file: file, field: "--output", found: "no file for the tensors",
        expected: "--output FILE")
    }
    let slurm = try SlurmSection(overrides: overrides)
    for key in [SlurmSection.Key.nodes, .tasksPerNode]
    where slurm.values[key].map({ $0 != "1" }) ?? false {
      throw Refusal(
        .commandLine, file: file, field: "--set slurm.\(key.rawValue)",
        found: slurm.values[key] ?? "",
        expected: "1: a specification is run by one process; a job with "
          + "[grid] is spread over ranks")
    }
    let check = try SpecCheck(file, models: models, saveTo: saveTo, output: output)
    let folders = [("--models", models), ("--save", saveTo)].flatMap { option, folder in
      folder.map { [option, absolute($0)] } ?? []
    }
    self.init(
      file: absolute(file), course: .intervened(options: folders), output: absolute(output),
      name: nil, slurm: slurm, threads: 1, needs: check.cost.needs(threads: 1))
  }
}

/// A path from the root of the file system: batch scripts start in folders of their own.
private func absolute(_ path: String) -> String {
  URL(fileURLWithPath: path).standardizedFileURL.path
}
