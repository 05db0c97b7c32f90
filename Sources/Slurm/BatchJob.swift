package import Cluster

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
  /// What a run of the job takes, by its plan.
  package let needs: RunNeeds

  package init(
    file: String, overrides: [String], folder: String, name: String?, slurm: SlurmSection,
    threads: Int, needs: RunNeeds
  ) {
    (self.file, self.overrides, self.folder, self.name) = (file, overrides, folder, name)
    (self.slurm, self.threads, self.needs) = (slurm, threads, needs)
  }

  /// The words of `causeway launch` after the program's own.
  var words: [String] {
    [file, "--output", folder] + overrides.flatMap { ["--set", $0] }
  }
}
