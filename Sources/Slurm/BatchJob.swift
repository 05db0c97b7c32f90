package import Cluster

/// One job, or one specification of an intervened run, as a batch script starts it.
package struct BatchJob: Sendable {
  /// What brings it to its end.
  package enum Course: Sendable, Equatable {
    /// `causeway launch`, with fields that are set: each start goes on with what is left.
    case launched(overrides: [String])
    /// `causeway intervene`, with options: one process, whose output is there once it has ended.
    case intervened(options: [String])
  }

  /// Its file, from the root of the file system.
  package let file: String
  package let course: Course
  /// The run folder, or the file of a specification's tensors, from the root of the file system.
  package let output: String
  package let name: String?
  package let slurm: SlurmSection
  /// Compute threads of a rank.
  package let threads: Int
  /// What a run of it takes, by its plan.
  package let needs: RunNeeds

  package init(
    file: String, course: Course, output: String, name: String?, slurm: SlurmSection, threads: Int,
    needs: RunNeeds
  ) {
    (self.file, self.course, self.output, self.name) = (file, course, output, name)
    (self.slurm, self.threads, self.needs) = (slurm, threads, needs)
  }

  /// The words of its command after the program's own and the command's.
  var words: [String] {
    let further =
      switch course {
      case .launched(let overrides): overrides.flatMap { ["--set", $0] }
      case .intervened(let options): options
      }
    return [file, "--output", output] + further
  }
}
