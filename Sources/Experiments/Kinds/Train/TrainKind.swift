internal import Cluster
internal import Figures
internal import Foundation
internal import Inputs
internal import Interventions
internal import JobFiles
internal import Models
internal import ResultsStore

/// Training of a model's own weights, also by interchange interventions.
///
/// Geiger et al., 2022, <https://arxiv.org/abs/2112.00826>.
struct TrainKind: TrainingKind {
  typealias Trained = ModelTrainSpec

  static let summary = "a model's own weights, with or without interchange interventions"

  let job: ModelTrainJob
  let table: TrainingTable<ModelTrainSpec>

  init(_ spec: ModelTrainSpec) throws(Refusal) {
    job = try ModelTrainJob(spec)
    table = try TrainingTable(spec, TrainingOutline(job, layers: 1))
  }

  var cost: JobCost { ModelTrainCost(job).whole }
  /// Weights that are gone on from are read by each rank, and their digest is an input.
  var weights: JobWeights? { nil }
  var inputs: [JobInput] { job.inputs }

  func lines(limit: Int) throws(Refusal) -> [String] {
    _ = try job.exchange(job.start())
    return try job.lines(limit: limit)
  }

  var assumptions: [String] { job.notes }

  func workers(_ place: WorkPlace) throws(Refusal) -> Workers {
    let job = job
    let model = try place.world.agree { try job.start() }
    let exchange = try place.world.agree { try job.exchange(model) }
    return Workers(
      .together { unit, place in
        let world = place.world
        let keeper = CheckpointKeeper<TrainingState>(
          place.start, unit, job.spec.pace.checkpoints, rank: world.rank)
        let training = ModelTraining(
          job: job, model: model, exchange: exchange,
          workers: SharedMicrobatches(world: world, threads: place.threads, stop: place.stop))
        let state = try keeper.state(from: training.start, steps: job.steps.total, on: world)
        let (result, weights) = try training.trainer.run(
          training, from: state, advanced: { try place.passed($0, keeper, of: job.steps.total) },
          stopped: { try place.stopped($0, keeper) })
        return try place.shared {
          try Self.record(
            result, weights, job,
            to: job.spec.trained(job.grid.point(unit), in: place.start.folder))
        }
      })
  }

  /// The training's record, once the model is in its folder.
  private static func record(
    _ result: DasResult, _ weights: NamedWeights<Float>, _ job: ModelTrainJob, to folder: String
  ) throws(Refusal) -> [UInt8] {
    try TrainingFiles.clear(folder)
    try job.save(weights, to: folder)
    var result = result
    result.parametersDigest = try TrainingFiles.digest(of: folder)
    return result.bytes
  }
}
