internal import Cluster
internal import Figures
internal import Inputs
internal import Interventions
internal import JobFiles
internal import Locks
internal import Models
internal import ResultsStore

/// Distributed training of interventions: a sweep of trainings over layers, places and widths.
///
/// Geiger et al., 2023, <https://arxiv.org/abs/2303.02536>.
struct DasKind: TrainingKind {
  typealias Trained = DasSpec

  static let summary =
    "interventions trained to exchange a causal model's variables (alignment search)"

  let job: DasJob
  let table: TrainingTable<DasSpec>

  init(_ spec: DasSpec) throws(Refusal) {
    job = try DasJob(spec)
    table = try TrainingTable(spec, TrainingOutline(job, layers: job.layerCount))
  }

  var cost: JobCost { DasCost(job).whole }

  var weights: JobWeights? {
    guard case .published(let opened, let section) = job.weights else { return nil }
    return JobWeights(checkpoint: opened.checkpoint, section: section, notes: opened.notes)
  }

  var inputs: [JobInput] { job.inputs }

  func lines(limit: Int) throws(Refusal) -> [String] { try job.lines(limit: limit) }

  // MARK: Work

  /// What the ranks' threads need once the folder is held and the model is there.
  private struct Ready: Sendable {
    let start: RunStart
    let model: any TrainableModel<Float>
  }

  var assumptions: [String] { job.notes }

  func workers(_ place: WorkPlace) throws(Refusal) -> Workers {
    let loaded: (any TrainableModel<Float>)? =
      switch job.weights {
      case .published(let opened, _): try ModelOnRanks.load(opened, on: place.world)
      case .trained: nil
      }
    let ready = Locked<Ready?>(nil)
    let (job, rank, stop, threads) = (job, place.world.rank, place.stop, place.threads)
    return Workers(
      way: { left, all in
        guard Self.isSideBySide(job.spec.pace.parallel, trainings: left, threads: all) else {
          return .together { unit, place in
            try Self.train(unit, job, ready.withLock { $0 }, on: place)
          }
        }
        return .apart { unit, _ in
          try Self.train(
            unit, job, ready.withLock { $0 }, stop: stop, rank: rank, threads: threads)
        }
      },
      begin: { (start) throws(Refusal) in
        let model: any TrainableModel<Float>
        if let loaded {
          model = loaded
        } else {
          switch try Pretraining(place, job).run() {
          case .model(let trained): model = trained
          case .ended(let outcome): return outcome
          }
        }
        ready.withLock { $0 = Ready(start: start, model: model) }
        return nil
      })
  }

  /// Whether trainings go side by side: where there are two or more for each thread, all threads have
  /// work nearly to the end; otherwise each training goes over all of them.
  static func isSideBySide(
    _ parallel: TrainingPace.Parallel, trainings: Int, threads: Int
  ) -> Bool {
    switch parallel {
    case .units: true
    case .data: false
    case .auto: threads == 1 || trainings >= 2 * threads
    }
  }

  /// One training on one thread of one rank.
  private static func train(
    _ unit: Int, _ job: DasJob, _ ready: Ready?, stop: StopSignal, rank: Int, threads: Int
  ) throws -> [UInt8] {
    guard let ready else { preconditionFailure("a training before its model") }
    let problem = try DasProblem(job, job.grid.point(unit), ready.model)
    let keeper = CheckpointKeeper<TrainingState>(
      ready.start, unit, job.spec.pace.checkpoints, rank: rank)
    let training = DasTraining(
      runner: DasRunner(
        problem, budget: DasCost(job).cacheBytes(threads: threads) / max(1, threads)),
      workers: OwnMicrobatches(stop: stop))
    let state = try keeper.state(from: training.start, steps: job.steps.total)
    let (result, interventions) = try training.trainer.run(
      training, from: state, advanced: keeper.advanced, stopped: keeper.keep)
    return try record(result, interventions, problem, ready.start, rank: rank)
  }

  /// One training on all ranks, microbatch by microbatch. Collective.
  private static func train(
    _ unit: Int, _ job: DasJob, _ ready: Ready?, on place: UnitPlace
  ) throws -> [UInt8] {
    guard let ready else { preconditionFailure("a training before its model") }
    let world = place.world
    let problem = try world.agree { try DasProblem(job, job.grid.point(unit), ready.model) }
    let keeper = CheckpointKeeper<TrainingState>(
      ready.start, unit, job.spec.pace.checkpoints, rank: world.rank)
    let runner = DasRunner(
      problem, budget: DasCost(job).cacheBytes(threads: place.threads))
    let training = DasTraining(
      runner: runner,
      workers: SharedMicrobatches(world: world, threads: place.threads, stop: place.stop))
    let state = try keeper.state(from: training.start, steps: job.steps.total, on: world)
    // What was kept of the training stays as it is where this is stopped.
    try runner.shareCaches(on: world, threads: place.threads, stop: place.stop)
    let (result, interventions) = try training.trainer.run(
      training, from: state, advanced: { try place.passed($0, keeper, of: job.steps.total) },
      stopped: { try place.stopped($0, keeper) })
    return try place.shared {
      try record(result, interventions, problem, ready.start, rank: world.rank)
    }
  }

  /// A training's record, once its interventions are in the run's folder.
  private static func record(
    _ result: DasResult, _ interventions: [any Intervention<Float>], _ problem: DasProblem,
    _ start: RunStart, rank: Int
  ) throws(Refusal) -> [UInt8] {
    var result = result
    result.parametersDigest = try TrainingFiles.write(
      interventions, of: problem.described,
      to: problem.job.trainingSpec.trained(problem.point, in: start.folder),
      by: FileWriter(run: start.run, rank: rank))
    return result.bytes
  }
}
