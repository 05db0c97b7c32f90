internal import Cluster
internal import Inputs
internal import Interventions
internal import Models
internal import ResultsStore

/// Trainings side by side: each a unit of work on one compute thread of some rank.
struct DasSideBySide {
  let launch: RunLaunch
  let job: DasJob
  let model: any TrainableModel<Float>
  let start: RunStart
  let journal: RankJournal
  let threads: Int

  /// Collective.
  ///
  /// - Throws: `Stopped` where a stop was asked for.
  func run(_ units: [Int], _ desk: DasDesk?) throws {
    let times = UnitTimes()
    let scheduler = UnitScheduler(
      units: units.map { WorkUnit(number: $0, cost: cost(of: job.grid.point($0))) },
      settings: UnitScheduler.Settings(computeThreads: threads))
    let (stop, rank) = (launch.stop, launch.world.rank)
    let outcome = try scheduler.run(
      on: launch.world, stop: stop,
      UnitScheduler.Handlers(
        compute: { [job, model, start, threads] unit in
          try times.measure(unit) {
            try Self.train(unit, job, model, start, stop: stop, rank: rank, threads: threads)
          }
        },
        keep: { try journal.keep($0, $1, seconds: times.take($0)) },
        sync: { try journal.sync() },
        finished: { try desk?.take($0.unit, $0.bytes) },
        failed: { failure in
          try journal.fail(failure.unit, failure.message)
          try desk?.note(failure.unit, failure.message, host: failure.host)
        }))
    if outcome == .stopped { throw Stopped() }
  }

  /// In layers that a step goes through.
  private func cost(of point: DasGrid.Point) -> Double {
    guard let layer = point.layer else { return 1 }
    let layers = model.sites.map(\.layers.upperBound).max() ?? 1
    return Double(max(1, layers - layer))
  }

  private static func train(
    _ unit: Int, _ job: DasJob, _ model: any TrainableModel<Float>, _ start: RunStart,
    stop: StopSignal, rank: Int, threads: Int
  ) throws -> [UInt8] {
    let problem = try DasProblem(job, job.grid.point(unit), model)
    let keeper = CheckpointKeeper<TrainingState>(start, unit, job.spec.pace.checkpoints, rank: rank)
    let training = DasTraining(
      runner: DasRunner(problem, budget: job.spec.run.memory / max(1, threads)),
      workers: OwnMicrobatches(stop: stop))
    let state = try keeper.state(from: training.start, steps: job.steps.total)
    let (result, interventions) = try training.trainer.run(
      training, from: state, advanced: keeper.advanced, stopped: keeper.keep)
    return try bytes(result, interventions, problem, start, rank: rank)
  }

  /// A training's result as its record, once its interventions are in the run's folder.
  static func bytes(
    _ result: DasResult, _ interventions: [any Intervention<Float>], _ problem: DasProblem,
    _ start: RunStart, rank: Int
  ) throws(Refusal) -> [UInt8] {
    var result = result
    result.parametersDigest = try TrainingFiles.write(
      interventions, of: problem.described,
      to: "\(start.folder)/interventions/\(problem.point.name)",
      by: FileWriter(run: start.run, rank: rank))
    return result.bytes
  }
}
