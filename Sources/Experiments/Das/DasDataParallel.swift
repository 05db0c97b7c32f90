internal import Cluster
internal import Inputs
internal import Interventions
internal import Models

/// Trainings one after another, each on all ranks, microbatch by microbatch.
struct DasDataParallel {
  let launch: RunLaunch
  let job: DasJob
  let model: any TrainableModel<Float>
  let start: RunStart
  let journal: RankJournal
  let threads: Int

  private var world: Communicator { launch.world }

  /// Collective.
  ///
  /// - Throws: `Stopped` where a stop was asked for.
  func run(_ units: [Int], _ desk: DasDesk?) throws {
    for unit in units {
      let began = ContinuousClock.now
      let problem = try world.agree { try DasProblem(job, job.grid.point(unit), model) }
      let keeper = CheckpointKeeper<TrainingState>(
        start, unit, job.spec.pace.checkpoints, rank: world.rank)
      let runner = DasRunner(problem, budget: job.spec.run.memory)
      let training = DasTraining(
        runner: runner,
        workers: SharedMicrobatches(world: world, threads: threads, stop: launch.stop))
      let state = try keeper.state(from: training.start, steps: job.steps.total, on: world)
      // What was kept of the training stays as it is where this is stopped.
      try runner.shareCaches(on: world, threads: threads, stop: launch.stop)
      do {
        let (result, interventions) = try training.trainer.run(
          training, from: state,
          advanced: { state in
            if world.rank == 0 { try keeper.advanced(state) }
            desk?.advance(step: state.step)
          }, stopped: { state in try world.agree { if world.rank == 0 { try keeper.keep(state) } } }
        )
        try world.agree {
          guard world.rank == 0 else { return }
          let bytes = try DasSideBySide.bytes(result, interventions, problem, start, rank: 0)
          try journal.commit(unit, bytes, seconds: began.duration(to: .now) / .seconds(1))
          try desk?.take(unit, bytes)
        }
      } catch let refusal as Refusal where refusal.kind == .job {
        // What the numbers do is the same on all ranks, and this training's own fault.
        try world.agree {
          guard world.rank == 0 else { return }
          try journal.fail(unit, refusal.description)
          try desk?.note(unit, refusal.description, host: world.hosts[0])
        }
      }
    }
  }
}
