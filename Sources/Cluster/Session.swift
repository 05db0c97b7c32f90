internal import COpenMPI

/// What one initialisation of MPI leaves to be tidied before it ends.
///
/// Used on the one thread that calls MPI.
final class Session {
  /// Shared windows not yet freed, in the order in which all ranks made them.
  var windows: [SharedWindow] = []
  /// Compute threads still run on a unit nobody waits for: what they read must stay mapped.
  var hasAbandonedThreads = false
  /// Rank 0 cannot be reached, so this rank speaks for itself.
  var hasLostCoordinator = false

  /// Frees the shared windows. Collective over the ranks of each host.
  func freeWindows() throws(MPIError) {
    while let window = windows.first {
      windows.removeFirst()
      try window.free()
    }
  }
}
