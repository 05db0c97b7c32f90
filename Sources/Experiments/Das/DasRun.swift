internal import Checkpoints
internal import Cluster
internal import Foundation
internal import Inputs
internal import Models
internal import ResultsStore
internal import Tensors

/// A training job on all ranks, from the checked job to the finished results.
struct DasRun {
  private let launch: RunLaunch

  init(_ launch: RunLaunch) { self.launch = launch }

  private var world: Communicator { launch.world }

  /// Runs or resumes the job. Collective; all ranks return or throw the same.
  func run(_ load: () throws(Refusal) -> DasSpec) throws(Refusal) -> RunOutcome {
    let read = try launch.begin(load)
    let job = try world.agree { try DasJob(read) }
    try DasCost(job).check(launch, job.spec.run)
    let start: String?
    let model: () throws -> Pretraining.Outcome
    switch job.weights {
    case .published(let opened, let section):
      start = try ModelOnRanks.digest(of: opened.checkpoint, section, on: world)
      try compare(job, start, reading: opened.checkpoint)
      let loaded = try ModelOnRanks.load(opened, on: world)
      model = { .model(loaded) }
    case .trained(let first):
      start = first.startDigest
      try compare(job, start)
      model = { [launch] in try Pretraining(launch, first).run() }
    }
    let desk = try world.agree { () throws(Refusal) -> DasDesk? in
      guard world.rank == 0 else { return nil }
      return try DasDesk(
        job, launch, spec: job.spec.runJSON(inputs: job.inputs(model: start)),
        provenance: Provenance.of(
          folder: job.spec.folder, model: start ?? "none", tokenizer: job.tokenizerDigest,
          noiseLevel: nil))
    }
    if world.rank == 0 { for line in job.heldOutLines { launch.observer.note(line) } }
    return try launch.outcome(givingBack: { () throws(Refusal) in try desk?.giveBack() }) {
      try work(job, model, desk)
    }
  }

  private func compare(
    _ job: DasJob, _ model: String?, reading checkpoint: Checkpoint? = nil
  ) throws(Refusal) {
    try ModelOnRanks.compare(
      [
        ("model digest", model ?? "none"), ("tokenizer digest", job.tokenizerDigest ?? "none"),
        ("data digests", job.digests.joined(separator: " ")),
        ("job digest", job.spec.digest),
      ], reading: checkpoint, on: world)
  }

  private func work(
    _ job: DasJob, _ model: () throws -> Pretraining.Outcome, _ desk: DasDesk?
  ) throws -> RunOutcome {
    var bytes = desk?.start.bytes ?? []
    try mpiRefusal { () throws(MPIError) in try world.broadcast(&bytes) }
    let start = try RunStart(bytes)
    let trained: any TrainableModel<Float>
    switch try model() {
    case .model(let own): trained = own
    case .failed(let outcome):
      try world.agree { () throws(Refusal) in try desk?.giveBack() }
      return outcome
    }
    let journal = try world.agree { try RankJournal(start, rank: world.rank) }
    let threads = launch.threads(job.spec.run)
    let left = (0..<job.grid.count).filter { !start.done.contains($0) }
    let all = try totalThreads(threads)
    let isSideBySide = Self.isSideBySide(
      job.spec.pace.parallel, trainings: left.count, threads: all)
    desk?.begin(inSteps: !isSideBySide)
    defer { desk?.end() }
    if !left.isEmpty {
      if isSideBySide {
        try DasSideBySide(
          launch: launch, job: job, model: trained, start: start, journal: journal, threads: threads
        ).run(left, desk)
      } else {
        try DasDataParallel(
          launch: launch, job: job, model: trained, start: start, journal: journal, threads: threads
        ).run(left, desk)
      }
    }
    let counts = try world.agree { () throws(Refusal) -> [Int] in try desk?.finish() ?? [] }
    var told = RunStart.encode(counts)
    try mpiRefusal { () throws(MPIError) in try world.broadcast(&told) }
    let result = RunStart.decode(told)
    return .finished(
      summary: "\(result[0]) trainings done, \(result[1]) failed", failed: result[1])
  }

  /// Compute threads of all ranks.
  private func totalThreads(_ own: Int) throws(Refusal) -> Int {
    let all = try mpiRefusal { () throws(MPIError) in
      try world.allGather(RunStart.encode([own]))
    }
    return all.flatMap { RunStart.decode($0) }.reduce(0, +)
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
}
