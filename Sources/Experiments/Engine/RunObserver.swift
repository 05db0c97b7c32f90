/// Is told how a run goes on, on rank 0: for progress and the log.
package protocol RunObserver {
  /// A phase begins: `done` of its `total` units, or whatever they are called, were done by earlier
  /// attempts.
  func begin(_ phase: String, of unit: String, total: Int, done: Int)
  /// So many units of the phase are done, of which some failed.
  func advance(done: Int, failed: Int)
  /// The unit under way has come so far.
  func advance(step: Int, of steps: Int, name: String)
  /// The phase is over.
  func end()
  /// Something worth a line.
  func note(_ text: String)
}

extension RunObserver {
  func begin(_ phase: String, total: Int, done: Int) {
    begin(phase, of: "units", total: total, done: done)
  }
}
