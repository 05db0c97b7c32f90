internal import Cluster
internal import Inputs
internal import Models
internal import ResultsStore
internal import Tensors
internal import Tokenizers

/// A lens job on all ranks, from the checked job to the finished lens.
///
/// All ranks train one layer's translator at a time, each on its own texts; rank 0 keeps the
/// journal.
struct LensRun {
  let launch: RunLaunch

  private var world: Communicator { launch.world }

  /// Runs or resumes the job. Collective; all ranks return or throw the same.
  func run(_ load: () throws(Refusal) -> LensSpec) throws(Refusal) -> RunOutcome {
    let read = try launch.begin(load)
    let job = try world.agree { try LensJob(read) }
    let threads = launch.threads(job.spec.run)
    try world.agree { try LensCost(job).checkMemory(threads: threads) }
    try LensCost(job).check(launch, job.spec.run)
    let published = job.data.published
    let digest = try ModelOnRanks.digest(of: published.checkpoint, job.spec.model, on: world)
    try ModelOnRanks.compare(
      [
        ("model digest", digest), ("tokenizer digest", job.data.tokenizer?.digest ?? "none"),
        ("texts digest", job.data.digest ?? "in the job"), ("job digest", job.spec.digest),
      ], reading: published.checkpoint, on: world)
    let model = try ModelOnRanks.load(published, on: world)
    let spec = job.spec.runJSON(inputs: [
      "model": .text(digest), "texts": job.data.digest.map { .text($0) },
      "tokenizer": job.data.tokenizer.map { .text($0.digest) },
    ])
    let desk = try world.agree { () throws(Refusal) -> LensDesk? in
      guard world.rank == 0 else { return nil }
      return try LensDesk(
        job, launch, spec: spec,
        provenance: Provenance.of(
          folder: job.spec.folder, model: digest, tokenizer: job.data.tokenizer?.digest,
          noiseLevel: nil))
    }
    do {
      try work(job, model, desk, threads: threads)
      try world.agree { try desk?.finish() }
      return .finished(
        summary: "\(job.layers.count) translator\(job.layers.count == 1 ? "" : "s") trained",
        failed: 0)
    } catch is LayerStates.Stopped {
      try world.giveBack { () throws(Refusal) in try desk?.giveBack() }
      return .stopped
    } catch {
      // The refusal stands, whether or not the folder can be given back.
      try? desk?.giveBack()
      throw Refusal(error, on: world.name(of: world.rank))
    }
  }

  /// Trains what is left. Collective.
  private func work(
    _ job: LensJob, _ model: DecoderModel<Float>, _ desk: LensDesk?, threads: Int
  ) throws {
    var bytes = desk?.start.bytes ?? []
    try mpiRefusal { () throws(MPIError) in try world.broadcast(&bytes) }
    let start = try RunStart(bytes)
    let journal = try world.agree { try RankJournal(start, rank: world.rank) }
    desk?.begin()
    defer { desk?.end() }
    let left = job.layers.enumerated().filter { !start.done.contains($0.offset) }
    guard !left.isEmpty else { return }
    let settings = job.spec.settings
    let texts = settings.microbatches(job.data.texts)
    let sums = ContributionSum(count: texts.count, threads: threads, on: world)
    var training = LensTraining(
      LayerStreams(model, texts, sums), settings, stop: launch.stop)
    for (place, layer) in left {
      let clock = ContinuousClock()
      let begun = clock.now
      let checkpoints = TrainingCheckpoints(start, place, job.spec.pace, rank: world.rank)
      let state = try checkpoints.state(
        from: training.start(), steps: settings.steps, on: world)
      let isKeeper = world.rank == 0
      let result = try training.train(layer: layer, from: state) { (state) throws(Refusal) in
        if isKeeper { try checkpoints.advanced(state) }
      } stopped: { (state) throws(Refusal) in
        if isKeeper { try checkpoints.keep(state) }
      }
      let seconds = begun.duration(to: clock.now) / .seconds(1)
      try world.agree {
        guard world.rank == 0 else { return }
        try journal.commit(place, result.bytes, seconds: seconds)
        try desk?.take(place, result)
      }
    }
  }
}
