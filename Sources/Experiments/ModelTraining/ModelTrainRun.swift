internal import Autodiff
internal import Cluster
internal import Foundation
internal import Inputs
internal import Interventions
internal import Models
internal import ResultsStore
internal import Tensors

/// A job of the kind `train` on all ranks, from the checked job to the trained model.
struct ModelTrainRun {
  private let launch: RunLaunch
  private var world: Communicator { launch.world }

  init(_ launch: RunLaunch) { self.launch = launch }

  /// Runs or resumes the job. Collective; all ranks return or throw the same.
  func run(_ load: () throws(Refusal) -> ModelTrainSpec) throws(Refusal) -> RunOutcome {
    let read = try launch.begin(load)
    let job = try world.agree { try ModelTrainJob(read) }
    try ModelTrainCost(job).check(launch, job.spec.run)
    let start = job.startDigest ?? "none"
    try ModelOnRanks.compare(
      [
        ("model digest", start), ("tokenizer digest", job.tokenizerDigest ?? "none"),
        ("data digests", job.sets.digests.map(\.digest).joined(separator: " ")),
        ("job digest", job.spec.digest),
      ], on: world)
    let model = try world.agree { try job.start() }
    let exchange = try world.agree { try job.exchange(model) }
    let desk = try world.agree { () throws(Refusal) -> DasDesk? in
      guard world.rank == 0 else { return nil }
      return try DasDesk(
        job, launch, spec: job.spec.runJSON(inputs: job.inputs),
        provenance: Provenance.of(
          folder: job.spec.folder, model: start, tokenizer: job.tokenizerDigest, noiseLevel: nil))
    }
    if world.rank == 0 { for line in job.heldOutLines { launch.observer.note(line) } }
    return try launch.outcome(givingBack: { () throws(Refusal) in try desk?.giveBack() }) {
      try work(job, model, exchange, desk)
    }
  }

  private func work(
    _ job: ModelTrainJob, _ model: any TrainableModel<Float>, _ exchange: InterchangeRuns?,
    _ desk: DasDesk?
  ) throws -> RunOutcome {
    var bytes = desk?.start.bytes ?? []
    try mpiRefusal { () throws(MPIError) in try world.broadcast(&bytes) }
    let start = try RunStart(bytes)
    let journal = try world.agree { try RankJournal(start, rank: world.rank) }
    desk?.begin(inSteps: true)
    defer { desk?.end() }
    if !start.done.contains(0) { try train(job, model, exchange, start, journal, desk) }
    let counts = try world.agree { () throws(Refusal) -> [Int] in try desk?.finish() ?? [] }
    var told = RunStart.encode(counts)
    try mpiRefusal { () throws(MPIError) in try world.broadcast(&told) }
    let result = RunStart.decode(told)
    return .finished(
      summary: result[1] > 0 ? "the training failed" : "the model is in \(start.folder)/model",
      failed: result[1])
  }

  /// - Throws: `Stopped` where a stop was asked for.
  private func train(
    _ job: ModelTrainJob, _ model: any TrainableModel<Float>, _ exchange: InterchangeRuns?,
    _ start: RunStart, _ journal: RankJournal, _ desk: DasDesk?
  ) throws {
    let began = ContinuousClock.now
    let keeper = CheckpointKeeper<TrainingState>(
      start, 0, job.spec.pace.checkpoints, rank: world.rank)
    let training = ModelTraining(
      job: job, model: model, exchange: exchange,
      workers: SharedMicrobatches(
        world: world, threads: launch.threads(job.spec.run), stop: launch.stop))
    let state = try keeper.state(from: training.start, steps: job.steps.total, on: world)
    do {
      let (result, weights) = try training.trainer.run(
        training, from: state,
        advanced: { state in
          if world.rank == 0 { try keeper.advanced(state) }
          desk?.advance(step: state.step)
        }, stopped: { state in try onFirstRank { () throws(Refusal) in try keeper.keep(state) } })
      try onFirstRank { () throws(Refusal) in
        let bytes = try Self.bytes(result, weights, job, to: "\(start.folder)/model")
        try journal.commit(0, bytes, seconds: began.duration(to: .now) / .seconds(1))
        try desk?.take(0, bytes)
      }
    } catch let refusal as Refusal where refusal.kind == .job {
      // What the numbers do is the same on all ranks, and this training's own fault.
      try onFirstRank { () throws(Refusal) in
        try journal.fail(0, refusal.description)
        try desk?.note(0, refusal.description, host: world.hosts[0])
      }
    }
  }

  /// Does something on rank 0; all ranks throw what it throws. Collective.
  private func onFirstRank(_ work: () throws(Refusal) -> Void) throws(Refusal) {
    _ = try world.agree { () throws(Refusal) -> Bool in
      if world.rank == 0 { try work() }
      return true
    }
  }

  /// A training's result as its record, once the model is in its folder.
  private static func bytes(
    _ result: DasResult, _ weights: NamedWeights<Float>, _ job: ModelTrainJob, to folder: String
  ) throws(Refusal) -> [UInt8] {
    // What a kill left there is part of nothing.
    if TrainingFiles.exists(folder) {
      do { try FileManager.default.removeItem(atPath: folder) } catch {
        throw Refusal(
          .store, file: folder, found: systemMessage(), expected: "to write it anew")
      }
    }
    try job.save(weights, to: folder)
    var result = result
    result.parametersDigest = try TrainingFiles.digest(of: folder)
    return result.bytes
  }

  /// The training run again on this process alone: its result's bytes, by unit.
  static func results(
    of spec: ModelTrainSpec, scratch: String
  ) throws -> [Int: [UInt8]] {
    let job = try ModelTrainJob(spec)
    let model = try job.start()
    let training = ModelTraining(
      job: job, model: model, exchange: try job.exchange(model), workers: OwnMicrobatches())
    let (result, weights) = try training.trainer.run(training, from: training.start)
    return [0: try bytes(result, weights, job, to: scratch)]
  }
}
