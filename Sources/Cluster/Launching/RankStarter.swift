internal import Foundation
public import Inputs

/// The program that starts the ranks.
public enum RankStarter: String, Sendable, CaseIterable {
  case mpirun, srun

  /// `srun` inside a Slurm allocation that offers PMIx, otherwise `mpirun`, which knows an
  /// allocation too.
  public static func detect(in environment: [String: String]) throws(Refusal) -> RankStarter {
    guard environment["SLURM_JOB_ID"] != nil else { return .mpirun }
    let file = NSTemporaryDirectory() + "causeway-\(getpid())-srun"
    defer { unlink(file) }
    guard (try? runBriefly(["srun", "--mpi=list"], output: file, within: .seconds(20))) == 0,
      let text = try? String(contentsOfFile: file, encoding: .utf8)
    else { return .mpirun }
    return text.contains("pmix") ? .srun : .mpirun
  }

  /// The words before the program's own.
  ///
  /// - Parameters:
  ///   - ranks: Nil: as many as the allocation has tasks or slots.
  ///   - hostFile: The path of a hostfile; `mpirun` only.
  func words(
    ranks: Int?, hostFile: String?, environment: [String: String]
  ) -> [String] {
    switch self {
    case .mpirun:
      return ["mpirun"] + (ranks.map { ["-n", "\($0)"] } ?? [])
        + (hostFile.map { ["--hostfile", $0] } ?? []) + ["--bind-to", "none"] + Self.keepalive
    case .srun:
      // Slurm 22.05 and later do not pass the allocation's cores a task on to its steps.
      let cores = environment["SLURM_CPUS_PER_TASK"].map { ["--cpus-per-task", $0] } ?? []
      return ["srun", "--mpi=pmix", "--kill-on-bad-exit=1"]
        + (ranks.map { ["--ntasks", "\($0)"] } ?? []) + cores
    }
  }

  /// A host whose link is cut is missed after 20 seconds; Open MPI's own 8 minutes are for others.
  static let keepalive = [
    "oob_tcp_keepalive_time": "10", "oob_tcp_keepalive_intvl": "3", "oob_tcp_keepalive_probes": "3",
  ].sorted { $0.key < $1.key }.flatMap { ["--mca", $0.key, $0.value] }
}
