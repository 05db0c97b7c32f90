internal import Checkpoints
internal import Foundation
internal import Cluster
package import Inputs
internal import Models
internal import ResultsStore
internal import Tensors
internal import Tokenizers

/// A causal trace on all ranks, from the checked job to the finished results.
package struct TraceRun {
  package enum Outcome: Sendable, Equatable {
    case finished(facts: Int, traced: Int, units: Int, failed: Int)
    /// Stopped by a signal: the same command goes on.
    case stopped
  }

  private let launch: RunLaunch

  package init(_ launch: RunLaunch) { self.launch = launch }

  private var world: Communicator { launch.world }

  /// Runs or resumes the job. Collective; all ranks return or throw the same.
  package func run(_ load: () throws(Refusal) -> TraceSpec) throws(Refusal) -> Outcome {
    let read = try launch.begin(load)
    let job = try world.agree { try TraceJob(read) }
    let plan = TracePlan(job.grid)
    let cost = TraceCost(job, plan)
    let threads = launch.threads(job.spec.run) {
      cost.rankBytes(threads: $0) <= job.spec.run.memory
    }
    try world.agree { try checkMemory(job, cost, threads: threads) }
    try cost.needs(threads: threads, coreHours: 0)
      .check(on: world, folder: launch.options.output)
    let digest = try modelDigest(of: job)
    let model = try ModelOnRanks.load(job.published, on: world)
    let runner = try world.agree { try TraceRunner(job, plan, model, threads: threads) }

    let spec = job.spec.runJSON(inputs: [
      "model": .text(digest), "facts": job.factsDigest.map { .text($0) },
      "tokenizer": job.tokenizer.map { .text($0.digest) },
      "noise": runner.noiseDigest.map { .text($0) },
    ])
    let desk = try openDesk(job, plan, spec: spec, digest: digest, level: runner.noiseLevel)
    let outcome: Outcome
    do throws(Refusal) {
      outcome = try work(job, plan, runner, desk, threads: threads)
    } catch {
      // The refusal stands, whether or not the folder can be given back.
      try? desk?.giveBack()
      throw error
    }
    if outcome == .stopped { try world.giveBack { () throws(Refusal) in try desk?.giveBack() } }
    return outcome
  }

  /// Does what is left of the run in the desk's folder. Collective.
  private func work(
    _ job: TraceJob, _ plan: TracePlan, _ runner: TraceRunner, _ desk: TraceDesk?, threads: Int
  ) throws(Refusal) -> Outcome {
    let start = try shared(desk)
    let journal = try world.agree { try RankJournal(start, rank: world.rank) }
    let inFlight = try world.agree {
      try desk?.noteDeaths(in: journal)
      return try UnitsInFlight(
        in: start.folder + "/log", run: start.run, rank: world.rank, threads: threads)
    }
    defer { inFlight.remove() }
    let session = TraceSession(
      world: world, runner: runner, journal: journal, inFlight: inFlight, deaths: start.deaths,
      stop: launch.stop, settings: UnitScheduler.Settings(computeThreads: threads))

    let baselines = plan.baselines.filter { !start.done.contains($0.number) }
    guard try session.run(baselines, desk) == .finished else { return .stopped }
    let kept = try keptFacts(desk)
    let work = plan.work(of: kept.facts).filter { !kept.done.contains($0.number) }
    guard try session.run(work, desk) == .finished else { return .stopped }
    return try finish(desk)
  }

  private func checkMemory(
    _ job: TraceJob, _ cost: TraceCost, threads: Int
  ) throws(Refusal) {
    let needed = cost.rankBytes(threads: threads)
    guard needed <= job.spec.run.memory else {
      throw Refusal(
        .resources, file: job.spec.file, field: "run.memory",
        found: "\(needed) bytes needed for \(threads) compute threads beside the weights",
        expected: "at most \(job.spec.run.memory); raise run.memory, or use fewer threads")
    }
  }

  /// The model's digest, compared between all ranks with all else that must be the same.
  private func modelDigest(of job: TraceJob) throws(Refusal) -> String {
    let model = try ModelOnRanks.digest(
      of: job.published.checkpoint, job.spec.model, on: world)
    try ModelOnRanks.compare(
      [
        ("model digest", model), ("tokenizer digest", job.tokenizer?.digest ?? "none"),
        ("facts digest", job.factsDigest ?? "in the job"), ("job digest", job.spec.digest),
      ], reading: job.published.checkpoint, on: world)
    return model
  }

  /// Rank 0's side of the run: the folder, what is done, the results. Nil on other ranks.
  private func openDesk(
    _ job: TraceJob, _ plan: TracePlan, spec: String, digest: String, level: Double?
  ) throws(Refusal) -> TraceDesk? {
    try world.agree { () throws(Refusal) -> TraceDesk? in
      guard world.rank == 0 else { return nil }
      let desk = try TraceDesk(
        job, plan, launch.options, spec: spec,
        provenance: Provenance.of(
          folder: job.spec.folder, model: digest, tokenizer: job.tokenizer?.digest,
          noiseLevel: level),
        observer: launch.observer, stop: launch.stop)
      try desk.log(ranks: world.size, hosts: world.hosts)
      return desk
    }
  }

  /// What rank 0 found in the folder, told to all ranks.
  private func shared(_ desk: TraceDesk?) throws(Refusal) -> RunStart {
    var bytes = desk?.start.bytes ?? []
    try mpiRefusal { () throws(MPIError) in try world.broadcast(&bytes) }
    return try RunStart(bytes)
  }

  /// The facts that the filter keeps, and what is done of them; decided by rank 0 for all.
  private func keptFacts(_ desk: TraceDesk?) throws(Refusal) -> (facts: [Int], done: Set<Int>) {
    let kept = try world.agree { () throws(Refusal) -> [Int] in try desk?.filterFacts() ?? [] }
    var bytes = RunStart.encode(kept)
    try mpiRefusal { () throws(MPIError) in try world.broadcast(&bytes) }
    var done = RunStart.encode(desk?.doneUnits ?? [])
    try mpiRefusal { () throws(MPIError) in try world.broadcast(&done) }
    return (RunStart.decode(bytes), Set(RunStart.decode(done)))
  }

  private func finish(_ desk: TraceDesk?) throws(Refusal) -> Outcome {
    let counts = try world.agree { () throws(Refusal) -> [Int] in try desk?.finish() ?? [] }
    var bytes = RunStart.encode(counts)
    try mpiRefusal { () throws(MPIError) in try world.broadcast(&bytes) }
    let all = RunStart.decode(bytes)
    return .finished(facts: all[0], traced: all[1], units: all[2], failed: all[3])
  }
}

/// Makes an MPI error the refusal that all modules raise.
func mpiRefusal<T>(_ body: () throws(MPIError) -> T) throws(Refusal) -> T {
  do throws(MPIError) { return try body() } catch { throw error.refusal }
}
