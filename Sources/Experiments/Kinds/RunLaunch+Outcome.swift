internal import Cluster
internal import Inputs

extension RunLaunch {
  /// What a job's work comes to: the one place where a stop becomes an outcome. Collective.
  ///
  /// - Parameters:
  ///   - give: Gives the run's folder back, on rank 0.
  ///   - work: Throws `Stopped` on all ranks, or a refusal.
  func outcome(
    givingBack give: () throws(Refusal) -> Void, _ work: () throws -> RunOutcome
  ) throws(Refusal) -> RunOutcome {
    do { return try work() } catch is Stopped {
      try world.giveBack(give)
      return .stopped
    } catch {
      // The refusal stands, whether or not the folder can be given back.
      try? give()
      throw Refusal(error, on: world.name(of: world.rank))
    }
  }
}
