internal import COpenMPI
public import Foundation
public import Inputs

/// MPI from its initialisation to its end; one rank without it where there is no launcher.
///
/// Keep it in a function, and end with `finalize` or `leave`: nothing is done on deinit. The
/// thread that makes it is the one that calls MPI (`MPI_THREAD_FUNNELED`).
public final class MPIEnvironment {
  /// All ranks of the job.
  public let world: Communicator
  /// Whether a launcher started this process, so that MPI runs.
  public let isUnderLauncher: Bool
  private let session = Session()

  /// - Parameters:
  ///   - environment: The environment variables that tell the launcher.
  ///   - countLimit: The largest count of bytes given to one MPI call; tests lower it.
  /// - Throws: A refusal where another MPI started the process, or the library cannot be used.
  public init(
    environment: [String: String] = ProcessInfo.processInfo.environment,
    countLimit: Int = 1 << 30
  ) throws(Refusal) {
    isUnderLauncher = try Launcher.detect(in: environment) == .openMPI
    guard isUnderLauncher else {
      world = Communicator(session: session)
      return
    }
    do throws(MPIError) {
      world = try startedWorld(countLimit: countLimit, session: session)
    } catch {
      throw error.refusal
    }
  }

  /// Frees the shared memory and ends MPI. Collective; nothing of this module works after it.
  ///
  /// Not after a stop, when compute threads may still read that memory: that is for `leave`.
  public func finalize() throws(MPIError) {
    guard isUnderLauncher else { return }
    try freeSharedMemory()
    try mpi("MPI_Finalize") { MPI_Finalize() }
  }

  private func freeSharedMemory() throws(MPIError) {
    precondition(!session.hasAbandonedThreads, "no shared memory while compute threads run")
    // Freeing waits too, but on a whole core.
    try world.barrier()
    try session.freeWindows()
  }

  /// Ends all ranks of the job at once, with this exit code. The C function is `MPI_Abort`.
  public func abort(code: Int32) -> Never {
    fflush(nil)
    if isUnderLauncher { cmpi_abort(code) }
    _exit(code)
  }

  /// Ends this rank in step with the others.
  ///
  /// After success all wait for each other. With any other code they do so for a second at most:
  /// the missing rank may be the reason for the code. Then the job is aborted, since `mpirun` takes
  /// a second longer over a rank that ends in order with such a code. Where compute threads still
  /// run, the memory that they read is left as it is.
  public func leave(code: Int32) -> Never {
    fflush(nil)
    if isUnderLauncher {
      world.patience = code == 0 ? nil : .seconds(1)
      do throws(MPIError) {
        let isBusy = try world.allGather([session.hasAbandonedThreads ? 1 : 0])
        if code == 0, !isBusy.contains([1]) {
          try finalize()
        } else {
          if !isBusy.contains([1]) { try freeSharedMemory() }
          // What mpirun sends to the others is to end them now.
          signal(SIGTERM, SIG_DFL)
          // Rank 0 comes first, since its code is the one that counts.
          if world.rank != 0 { usleep(300_000) }
          abort(code: code)
        }
      } catch { abort(code: code) }
    }
    // Not exit: its handlers would tear down what abandoned compute threads still use.
    _exit(code)
  }

  /// Ends this rank with the refusal's code; the refusal, known to all ranks, is printed once.
  public func leave(after refusal: Refusal) -> Never {
    if speaks {
      // What cannot be said ends nothing: Foundation's own handle would trap.
      let text = Array("causeway: \(refusal)\n".utf8)
      _ = write(STDERR_FILENO, text, text.count)
    }
    leave(code: refusal.kind.exitCode)
  }

  /// Whether this rank prints what concerns the whole job: rank 0, or one that lost it.
  public var speaks: Bool { world.rank == 0 || session.hasLostCoordinator }
}

/// The MPI library's name and version. The C function is `MPI_Get_library_version`.
public func mpiVersion() -> String {
  var (text, length) = ([CChar](repeating: 0, count: Int(MPI_MAX_LIBRARY_VERSION_STRING)), Int32(0))
  guard MPI_Get_library_version(&text, &length) == MPI_SUCCESS else { return "unknown" }
  let bytes = text.prefix(Int(length)).map { UInt8(bitPattern: $0) }.prefix { $0 != 0 && $0 != 44 }
  return String(decoding: bytes, as: UTF8.self)
}

/// Initialises MPI; the C functions are `MPI_Init_thread` and `MPI_Comm_set_errhandler`.
private func startedWorld(countLimit: Int, session: Session) throws(MPIError) -> Communicator {
  var provided: Int32 = 0
  let funneled = Int32(MPI_THREAD_FUNNELED)
  try mpi("MPI_Init_thread") { MPI_Init_thread(nil, nil, funneled, &provided) }
  guard provided >= funneled else {
    throw .failed(
      routine: "MPI_Init_thread", code: provided,
      message: "thread level \(provided), below MPI_THREAD_FUNNELED (\(funneled))")
  }
  guard let world = cmpi_comm_world() else {
    throw .malformed(what: "no communicator MPI_COMM_WORLD")
  }
  // MPI's default is to abort; duplicates inherit this.
  try mpi("MPI_Comm_set_errhandler") { MPI_Comm_set_errhandler(world, cmpi_errors_return()) }
  return try Communicator(duplicating: world, countLimit: countLimit, session: session)
}
