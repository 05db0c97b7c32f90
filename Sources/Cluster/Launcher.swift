public import Inputs

/// What started this process, told from its environment alone.
public enum Launcher: Equatable, Sendable {
  /// No launcher: the program is one rank, and MPI is never initialised.
  case none
  /// Open MPI's `mpirun`, or a PMIx server such as `srun --mpi=pmix`.
  case openMPI

  /// - Throws: A refusal where the process is one of many that Open MPI could not connect: each
  ///   would take itself for the only one, and all would work on the same run folder.
  public static func detect(in environment: [String: String]) throws(Refusal) -> Launcher {
    if environment["OMPI_COMM_WORLD_SIZE"] != nil || environment["PMIX_RANK"] != nil {
      return .openMPI
    }
    let foreign = ["PMI_RANK", "PMI_SIZE", "PMI_FD", "MV2_COMM_WORLD_RANK", "MPI_LOCALRANKID"]
    if let name = foreign.first(where: { environment[$0] != nil }) {
      throw Refusal(
        .cluster, field: "environment variable \(name)", found: "a rank started by another MPI",
        expected: "Open MPI's mpirun, srun --mpi=pmix, or no launcher")
    }
    // Only srun sets the step's task count; a batch script and its children do not have it.
    if let text = environment["SLURM_STEP_NUM_TASKS"], let tasks = Int(text), tasks > 1 {
      throw Refusal(
        .cluster, field: "environment variable SLURM_STEP_NUM_TASKS",
        found: "\(tasks) tasks started by srun without PMIx",
        expected: "srun --mpi=pmix, or mpirun inside the allocation")
    }
    return .none
  }
}
