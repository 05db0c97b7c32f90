/// Is told which units a rank has in flight, so that a unit which kills its rank can be named by the
/// next start.
public protocol UnitWatch: Sendable {
  /// A compute thread, numbered from 0, begins a unit. Called on that thread.
  func begins(_ unit: Int, on thread: Int)
  /// A compute thread has ended its unit. Called on that thread.
  func ends(on thread: Int)
  /// The rank ends in good order, so that no unit which is still in flight is to blame. Called on
  /// the thread that calls MPI, perhaps more than once; other threads may go on meanwhile.
  func giveUp()
}
