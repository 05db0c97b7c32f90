internal import Cluster
internal import Foundation
internal import Inputs
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
  /// - Returns: False where a stop was asked for.
  func run(_ units: [Int], _ desk: DasDesk?) throws(Refusal) -> Bool {
    for unit in units {
      let began = ContinuousClock.now
      let problem = try world.agree { try DasProblem(job, job.grid.point(unit), model) }
      let checkpoints = TrainingCheckpoints(
        start, unit, job.spec.pace.checkpoints, rank: world.rank)
      let state = try checkpoints.state(
        from: DasTraining.start(of: problem), steps: job.steps.total, on: world)
      let runner = DasRunner(problem, budget: job.spec.run.memory)
      let isShared = try runner.shareCaches(
        on: world, threads: threads,
        isStopping: { [stop = launch.stop] in stop.isRequested })
      // What was kept of it stays as it is.
      guard isShared else { return false }
      let training = DasTraining(
        runner: runner,
        workers: SharedMicrobatches(world: world, threads: threads),
        isStopping: { [stop = launch.stop] in stop.isRequested },
        advanced: { (state) throws(Refusal) in
          if world.rank == 0 { try checkpoints.advanced(state) }
          desk?.advance(step: state.step)
        })
      let outcome: DasTraining.Outcome
      do throws(Refusal) {
        outcome = try training.run(from: state)
      } catch {
        // What the numbers do is the same on all ranks, and this training's own fault.
        guard error.kind == .job else { throw error }
        try world.agree {
          guard world.rank == 0 else { return }
          try journal.fail(unit, error.description)
          try desk?.note(unit, error.description, host: world.hosts[0])
        }
        continue
      }
      switch outcome {
      case .stopped(let state):
        try world.agree { if world.rank == 0 { try checkpoints.keep(state) } }
        return false
      case .finished(let result, let interventions):
        try world.agree {
          guard world.rank == 0 else { return }
          let bytes = try DasSideBySide.bytes(result, interventions, problem, start, rank: 0)
          try journal.commit(unit, bytes, seconds: began.duration(to: .now) / .seconds(1))
          try desk?.take(unit, bytes)
        }
      }
    }
    return true
  }
}
