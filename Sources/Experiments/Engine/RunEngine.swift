internal import Cluster
internal import Foundation
internal import Inputs
internal import JobFiles
internal import Models
internal import ResultsStore
internal import Tensors

/// A job on all ranks, from the checked job to the finished results, whatever its kind.
struct RunEngine<K: Kind> {
  typealias Layout = K.Layout

  private let launch: RunLaunch
  private var world: Communicator { launch.world }

  init(_ launch: RunLaunch) { self.launch = launch }

  /// Runs or resumes the job. Collective; all ranks return or throw the same.
  func run(_ load: () throws(Refusal) -> Layout.Spec) throws(Refusal) -> RunOutcome {
    let read = try launch.begin(load)
    let job = try world.agree { try K(read) }
    let cost = job.cost
    let run = job.spec.run
    let threads = launch.threads(run) { cost.rankBytes($0) <= run.memory }
    try world.agree { try cost.checkMemory(job.spec, threads: threads) }
    try PlanReport(job, measuring: false).needs(threads: threads, coreHours: 0)
      .check(on: world, folder: launch.options.output)
    let model = try compare(job)
    if world.rank == 0 {
      for line in (job.weights?.notes ?? []) + job.assumptions { launch.observer.note(line) }
    }
    let workers = try job.workers(
      WorkPlace(
        world: world, threads: threads, stop: launch.stop,
        observer: world.rank == 0 ? launch.observer : nil, folder: launch.options.output,
        launch: launch))
    let ledger = try world.agree { () throws(Refusal) -> RunLedger<Layout>? in
      guard world.rank == 0 else { return nil }
      return try RunLedger(
        job.table, launch, try job.runSpec(model: model),
        provenance: Provenance.of(folder: job.spec.folder, model: model ?? "none")
          + workers.provenance)
    }
    // Once it is certain that something is computed here.
    if world.rank == 0 { Provenance.processorNotes.forEach(launch.observer.note) }
    do throws(Refusal) {
      let outcome = try work(job, workers, ledger, threads: threads)
      if outcome == .stopped {
        try world.giveBack { () throws(Refusal) in try ledger?.giveBack() }
      }
      return outcome
    } catch {
      // The refusal stands, whether or not the folder can be given back.
      try? ledger?.giveBack()
      throw error
    }
  }

  /// The model's digest, compared between all ranks with all else that must be the same.
  private func compare(_ job: K) throws(Refusal) -> String? {
    let digest = try job.weights.map { (weights) throws(Refusal) in
      let digest = try ModelOnRanks.digest(of: weights.checkpoint, weights.section, on: world)
      try weights.dump?.check(model: digest)
      return digest
    }
    try ModelOnRanks.compare(
      [("model digest", digest ?? "none"), ("job digest", job.spec.digest)]
        + job.inputs.map { ($0.what, $0.digest.map(JobText.canonicalJSON) ?? "none") },
      reading: job.weights?.checkpoint, on: world)
    return digest
  }

  private func work(
    _ job: K, _ workers: Workers, _ ledger: RunLedger<Layout>?, threads: Int
  ) throws(Refusal) -> RunOutcome {
    var bytes = ledger?.start.bytes ?? []
    try mpiRefusal { () throws(MPIError) in try world.broadcast(&bytes) }
    let start = try RunStart(bytes)
    if let outcome = try workers.begin?(start) {
      // A stop is told to the ledger by who called.
      if outcome != .stopped { try world.agree { try ledger?.giveBack() } }
      return outcome
    }
    let journal = RankJournal(start, rank: world.rank)
    let inFlight = try world.agree {
      try ledger?.noteDeaths(in: journal)
      return try UnitsInFlight(
        in: start.folder + "/log", run: start.run, rank: world.rank, threads: threads)
    }
    defer { inFlight.remove() }
    var session = UnitSession<Layout>(
      launch: launch, workers: workers, start: start, journal: journal, inFlight: inFlight,
      ledger: ledger, threads: threads, allThreads: try allThreads(threads))
    while let phase = try shared(ledger.map { $0.table.next($0.results) } ?? nil) {
      if let handover = workers.handover {
        try world.agree { try handover(phase.handover) }
      }
      try world.agree { try ledger?.begin(phase) }
      guard try session.run(phase) == .finished else { return .stopped }
    }
    let counts = try world.agree { () throws(Refusal) -> [Int] in
      guard let counts = try ledger?.finish() else { return [] }
      return [counts.done, counts.failed]
    }
    var told = RunStart.encode(counts)
    try mpiRefusal { () throws(MPIError) in try world.broadcast(&told) }
    let result = RunStart.decode(told)
    // What the kind counts beside units, such as facts; rank 0 alone is heard.
    let counted = (ledger?.counted).map { "; \($0)" } ?? ""
    return .finished(
      summary: "\(result[0]) unit\(result[0] == 1 ? "" : "s") done, \(result[1]) failed\(counted)",
      failed: result[1])
  }

  /// Rank 0's next phase, on every rank; nil at the end.
  private func shared(_ own: Phase?) throws(Refusal) -> Phase? {
    var bytes = own.map { $0.bytes } ?? []
    try mpiRefusal { () throws(MPIError) in try world.broadcast(&bytes) }
    return bytes.isEmpty ? nil : try Phase(bytes)
  }

  /// Compute threads of all ranks.
  private func allThreads(_ own: Int) throws(Refusal) -> Int {
    let all = try mpiRefusal { () throws(MPIError) in
      try world.allGather(RunStart.encode([own]))
    }
    return all.flatMap { RunStart.decode($0) }.reduce(0, +)
  }
}

extension Kind {
  /// The job as a run's folder keeps it.
  func runSpec(model: String?) throws(Refusal) -> RunSpec {
    RunSpec(
      toml: spec.toml, json: spec.runJSON(model: model, inputs: inputs),
      outline: try RunOutline.text(table.outline))
  }
}

/// The text of an outline: the same for the same outline.
enum RunOutline {
  static func text(_ outline: some Encodable) throws(Refusal) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      return String(decoding: try encoder.encode(outline), as: UTF8.self) + "\n"
    } catch {
      throw Refusal(
        .resources, field: "outline", found: escaped("\(error)"),
        expected: "an outline that can be written")
    }
  }
}

extension Phase {
  /// For the other ranks.
  var bytes: [UInt8] {
    var writer = ByteWriter()
    for text in [name, unitName] {
      writer.integer(Int32(text.utf8.count))
      writer.append(Array(text.utf8))
    }
    writer.integer(Int32(handover.count))
    writer.append(handover)
    let numbers = units.flatMap { [$0.number, Int($0.cost.bitPattern), $0.group] }
    return RunStart.encode([total, done, writer.bytes.count]) + writer.bytes
      + RunStart.encode(numbers)
  }

  init(_ bytes: [UInt8]) throws(Refusal) {
    let head = RunStart.decode(Array(bytes.prefix(24)))
    guard head.count == 3, head[2] >= 0, head[2] <= bytes.count - 24 else { throw Self.malformed }
    var reader = ByteReader(Array(bytes[24..<24 + head[2]]), what: "phase")
    func text(_ reader: inout ByteReader) throws(Refusal) -> String {
      try reader.text(try reader.count(upTo: 1 << 20))
    }
    (total, done) = (head[0], head[1])
    name = try text(&reader)
    unitName = try text(&reader)
    handover = try reader.bytes(try reader.count(upTo: Int(Int32.max)))
    let numbers = RunStart.decode(Array(bytes[(24 + head[2])...]))
    units = stride(from: 0, to: numbers.count - 2, by: 3).map {
      WorkUnit(
        number: numbers[$0], cost: Double(bitPattern: UInt64(truncatingIfNeeded: numbers[$0 + 1])),
        group: numbers[$0 + 2])
    }
  }

  private static var malformed: Refusal {
    Refusal(.cluster, found: "a phase that cannot be read", expected: "rank 0's own")
  }
}
