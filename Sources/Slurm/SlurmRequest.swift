internal import Cluster
internal import Foundation
package import Inputs

/// What a batch job asks Slurm for: what the jobs' `[slurm]` says, the rest from their plans.
package struct SlurmRequest: Sendable {
  package let nodes: Int
  package let tasksPerNode: Int
  package let threads: Int
  /// Minutes.
  package let minutes: Int
  /// As `[slurm]` has it, or mebibytes a node.
  package let memory: String?
  /// `partition`, `account`, `qos` and `constraint`, as options of `sbatch`.
  package let words: [(option: String, value: String)]

  /// Ranks that a plan alone asks for at most.
  private static let tasks = 16
  /// Of a plan alone; more is done by starting again.
  private static let longest = 24 * 60

  /// - Parameter jobs: What is to run on one such allocation each; they share the request.
  /// - Throws: `job`, where two jobs ask for different things.
  package init(_ jobs: [BatchJob]) throws(Refusal) {
    guard let first = jobs.first else {
      throw Refusal(.commandLine, found: "no job", expected: "one job file or more")
    }
    for job in jobs.dropFirst()
    where job.slurm != first.slurm || job.threads != first.threads {
      throw Refusal(
        .job, file: job.file, field: job.slurm != first.slurm ? "slurm" : "run.threads",
        found: "other values than in \(escaped(first.file))",
        expected: "the same in all jobs of an array, which share one request")
    }
    let values = first.slurm.values
    threads = first.threads
    let nodes = values[.nodes].flatMap { Int($0) } ?? 1
    let needs = jobs.map(\.needs)
    let cores = needs.map(\.coreHours).max() ?? 1
    let units = needs.map(\.units).max() ?? 1
    let perNode =
      values[.tasksPerNode].flatMap { Int($0) }
      ?? Self.tasks(hours: cores, units: units, nodes: nodes, threads: first.threads)
    self.nodes = nodes
    tasksPerNode = perNode
    if let text = values[.time] {
      minutes = Self.minutes(of: text)
    } else {
      let share = cores / Double(max(1, nodes * perNode * first.threads))
      minutes = Self.roundedMinutes(share * 60)
    }
    memory =
      values[.mem]
      ?? needs.map { $0.hostBytes(ranks: perNode) }.max()
      .map { Self.mebibytes(of: $0, ranks: perNode) }
    words = [SlurmSection.Key.partition, .account, .qos, .constraint].compactMap { key in
      values[key].map { (key.option, $0) }
    }
  }

  /// Enough for about an hour, and no more than there are units.
  private static func tasks(hours: Double, units: Int, nodes: Int, threads: Int) -> Int {
    let wanted = Int(min(Double(tasks), (hours / Double(max(1, nodes * threads))).rounded(.up)))
    return max(1, min(wanted, max(1, units / max(1, nodes))))
  }

  /// With a quarter more than the plan says and ten minutes to start, in steps of five.
  private static func roundedMinutes(_ minutes: Double) -> Int {
    let wanted = Int(min(Double(longest), minutes * 1.25 + 10))
    return min(longest, (wanted + 4) / 5 * 5)
  }

  /// With what MPI and the libraries of a rank take, and a tenth more than planned.
  private static func mebibytes(of bytes: Int, ranks: Int) -> String {
    let planned = Double(bytes) * 1.1 / Double(1 << 20)
    return "\(Int(min(planned, 1e9).rounded(.up)) + 64 * (ranks + 1))M"
  }

  /// Minutes of one of Slurm's texts, which `[slurm]` has checked: `90`, `90:00`, `1:30:00`, `1-12`.
  static func minutes(of text: String) -> Int {
    let parts = text.split(separator: "-").map(String.init)
    let clock = (parts.last ?? "").split(separator: ":").compactMap { Int($0) }
    let seconds: Int
    if parts.count > 1 {
      seconds = zip(clock, [3600, 60, 1]).reduce((Int(parts[0]) ?? 0) * 86_400) {
        $0 + $1.0 * $1.1
      }
    } else {
      let scales = clock.count == 3 ? [3600, 60, 1] : [60, 1]
      seconds = zip(clock, scales).reduce(0) { $0 + $1.0 * $1.1 }
    }
    return max(1, (seconds + 59) / 60)
  }

  /// How long before the end of its time a job is told: a tenth of it, two minutes at most.
  package var noticeSeconds: Int { min(120, max(20, minutes * 6)) }

  /// The lines for `sbatch`, without those of names and files.
  package var directives: [String] {
    [
      "--nodes=\(nodes)", "--ntasks-per-node=\(tasksPerNode)", "--cpus-per-task=\(threads)",
      "--time=\(minutes)",
    ] + (memory.map { ["--mem=\($0)"] } ?? []) + words.map { "\($0.option)=\($0.value)" }
  }
}
