internal import Checkpoints
internal import Cluster
internal import Foundation
package import Inputs
internal import Models
internal import ResultsStore
internal import Tensors

/// A training job on all ranks, from the checked job to the finished results.
package struct DasRun {
  package enum Outcome: Sendable, Equatable {
    case finished(trainings: Int, failed: Int)
    /// Stopped by a signal: the same command goes on.
    case stopped
  }

  private let launch: RunLaunch

  package init(_ launch: RunLaunch) { self.launch = launch }

  private var world: Communicator { launch.world }

  /// Runs or resumes the job. Collective; all ranks return or throw the same.
  package func run(_ load: () throws(Refusal) -> DasSpec) throws(Refusal) -> Outcome {
    useOneBLASThread()
    let job = try world.agree { try DasJob(try load()) }
    let digest = try ModelOnRanks.digest(of: job.opened.checkpoint, job.spec.model, on: world)
    try ModelOnRanks.compare(
      [
        ("model digest", digest), ("tokenizer digest", job.tokenizerDigest ?? "none"),
        ("data digests", job.digests.map(\.digest).joined(separator: " ")),
        ("job digest", job.spec.digest),
      ], reading: job.opened.checkpoint, on: world)
    let model = try ModelOnRanks.load(job.opened, on: world)
    let desk = try world.agree { () throws(Refusal) -> DasDesk? in
      guard world.rank == 0 else { return nil }
      return try DasDesk(
        job, launch, spec: Self.spec(job, model: digest),
        provenance: Provenance.of(
          folder: job.spec.folder, model: digest, tokenizer: job.tokenizerDigest, noiseLevel: nil))
    }
    let outcome: Outcome
    do throws(Refusal) {
      outcome = try work(job, model, desk)
    } catch {
      // The refusal stands, whether or not the folder can be given back.
      try? desk?.giveBack()
      throw error
    }
    if outcome == .stopped { try world.giveBack { () throws(Refusal) in try desk?.giveBack() } }
    return outcome
  }

  private static func spec(_ job: DasJob, model: String) -> String {
    func data(_ split: Split) -> JobValue? {
      job.digests.first { $0.split == split }.map { .text($0.digest) }
    }
    return job.spec.runJSON(inputs: [
      "model": .text(model), "tokenizer": job.tokenizerDigest.map { .text($0) },
      "train": data(.train), "development": data(.development), "test": data(.test),
    ])
  }

  private func work(
    _ job: DasJob, _ model: any TrainableModel<Float>, _ desk: DasDesk?
  ) throws(Refusal) -> Outcome {
    var bytes = desk?.start.bytes ?? []
    try mpiRefusal { () throws(MPIError) in try world.broadcast(&bytes) }
    let start = try RunStart(bytes)
    let journal = try world.agree { try RankJournal(start, rank: world.rank) }
    let threads = launch.threads(job.spec.run)
    let left = (0..<job.grid.count).filter { !start.done.contains($0) }
    let all = try totalThreads(threads)
    desk?.begin()
    defer { desk?.end() }
    if !left.isEmpty {
      let isFinished =
        Self.isSideBySide(job.spec.pace.parallel, trainings: left.count, threads: all)
        ? try DasSideBySide(
          launch: launch, job: job, model: model, start: start, journal: journal, threads: threads
        ).run(left, desk)
        : try DasDataParallel(
          launch: launch, job: job, model: model, start: start, journal: journal, threads: threads
        ).run(left, desk)
      guard isFinished else { return .stopped }
    }
    let counts = try world.agree { () throws(Refusal) -> [Int] in try desk?.finish() ?? [] }
    var told = RunStart.encode(counts)
    try mpiRefusal { () throws(MPIError) in try world.broadcast(&told) }
    let result = RunStart.decode(told)
    return .finished(trainings: result[0], failed: result[1])
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
