internal import Cluster
internal import Inputs
internal import Interventions
internal import Lenses
internal import Tensors

extension EvaluationLog {
  /// What was kept of a unit. Collective; rank 0 keeps it on.
  convenience init(
    _ start: RunStart, _ unit: Int, _ pace: CheckpointPace, on world: Communicator
  ) throws(Refusal) {
    let keeper = CheckpointKeeper<Kept>(start, unit, pace, rank: world.rank)
    let kept = try keeper.stored(on: world) ?? Kept()
    for entry in kept.entries
    where !entry.energy.isFinite || !entry.gradient.elements.allSatisfy(\.isFinite) {
      throw CheckpointFile.refusal(keeper.path, "an evaluation that is not finite")
    }
    self.init(
      kept,
      by: Keeper(
        isDue: { world.rank == 0 && keeper.isDue(at: $0) },
        keep: { (kept) throws(Refusal) in
          if world.rank == 0 { try keeper.keep(kept) }
        }, misfit: { CheckpointFile.refusal(keeper.path, $0) }))
  }
}
