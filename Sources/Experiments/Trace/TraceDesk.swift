internal import Cluster
internal import Foundation
internal import Inputs
internal import Models
internal import ResultsStore

/// Rank 0's side of a trace: the run folder, what is done, and the results as they come in.
final class TraceDesk {
  let start: RunStart
  private let job: TraceJob
  private let plan: TracePlan
  private let claim: RunFolder.Claim
  private let store: TraceStore
  private let files: FileWriter
  private let deaths: UnitDeaths
  private let observer: any RunObserver
  private let started = Provenance.now()
  private var ranks = 0
  private var hosts: [String] = []
  private var baselines: [TraceBaseline?]
  private var kept: [Int] = []
  /// Results not yet in the arrays, by unit.
  private var results: [Int: [UInt8]] = [:]
  private var failed: Set<Int> = []
  /// Units of a fact and restoration that are still out.
  private var open: [[Int]] = []
  private var phase = (name: "baselines", done: 0, failed: 0)

  init(
    _ job: TraceJob, _ plan: TracePlan, _ options: RunOptions, spec: String,
    provenance: [Attribute.Member], observer: any RunObserver, stop: StopSignal
  ) throws(Refusal) {
    (self.job, self.plan, self.observer) = (job, plan, observer)
    var random = SystemRandomNumberGenerator()
    files = FileWriter(run: RunID(using: &random), rank: 0)
    var patience = RunLock.Patience()
    patience.takeOver = options.takeOver
    claim = try RunFolder.claim(
      options.output, spec: RunSpec(toml: job.spec.toml, json: spec), provenance: provenance,
      by: files, patience: patience)
    if let reason = claim.lock.tookOver { observer.note(reason) }
    store = try TraceStore(claim.folder.results, job, plan, spec: spec, by: files)
    let journals = try JournalReader.readAll(
      claim.folder.journal, job: claim.folder.spec.digest)
    for finding in journals.findings { observer.note(finding.description) }
    baselines = Array(repeating: nil, count: plan.factCount)
    var done: Set<Int> = []
    for (unit, payload) in journals.results {
      guard let number = Int(exactly: unit), number < plan.factCount + plan.units.count else {
        throw Refusal(
          .store, file: claim.folder.journal, field: "unit \(unit)", found: "a unit past the plan",
          expected: "units below \(plan.factCount + plan.units.count)")
      }
      done.insert(number)
      if number < plan.factCount {
        baselines[number] = try TraceBaseline(payload, samples: job.samples, unit: number)
      } else {
        results[number] = payload
      }
    }
    deaths = try UnitDeaths(
      claim.folder, notes: journals.notes, unitCount: plan.factCount + plan.units.count)
    start = RunStart(
      folder: claim.folder.path, digest: claim.folder.spec.digest, run: files.run, done: done,
      deaths: deaths.counts.filter { !done.contains($0.key) })
    let interval = RunLock.Patience().interval
    Thread.detachNewThread { [lock = claim.lock] in
      keepAlive(lock, every: interval) { stop.request(because: $0) }
    }
  }

  var doneUnits: Set<Int> { start.done }

  /// Keeps what is known of ranks that died in earlier starts.
  func noteDeaths(in journal: RankJournal) throws(Refusal) {
    for line in deaths.lines { observer.note(line) }
    try deaths.record(in: journal)
  }

  /// Notes who works, for the record of this attempt.
  func log(ranks: Int, hosts: [String]) throws(Refusal) {
    (self.ranks, self.hosts) = (ranks, hosts)
    try writeLog(end: nil)
  }

  func begin(_ count: Int) {
    let total =
      phase.name == "baselines"
      ? plan.factCount
      : kept.reduce(0) { $0 + plan.unitsOf[$1].reduce(0) { $0 + $1.count } }
    (phase.done, phase.failed) = (total - count, 0)
    observer.begin(phase.name, total: total, done: phase.done)
  }

  func end() {
    observer.end()
    phase.name = "cells"
  }

  /// Takes a unit's result, which its rank has made durable.
  func take(_ unit: Int, _ bytes: [UInt8]) throws(Refusal) {
    phase.done += 1
    if unit < plan.factCount {
      baselines[unit] = try TraceBaseline(bytes, samples: job.samples, unit: unit)
    } else {
      results[unit] = bytes
      try close(unit)
    }
    observer.advance(done: phase.done, failed: phase.failed)
  }

  func note(_ failure: UnitFailure) throws(Refusal) {
    phase.done += 1
    phase.failed += 1
    failed.insert(failure.unit)
    observer.note("unit \(failure.unit) failed on host \(failure.host): \(failure.message)")
    if failure.unit >= plan.factCount { try close(failure.unit) }
    observer.advance(done: phase.done, failed: phase.failed)
  }

  /// Applies the filter, and writes what is known by now.
  func filterFacts() throws(Refusal) -> [Int] {
    let status = job.facts.indices.map {
      job.spec.status(answer: job.facts[$0].answerID, baselines[$0])
    }
    try store.put(baselines: baselines, status)
    for fact in job.facts.indices {
      switch status[fact] {
      case .traced: kept.append(fact)
      case .failed: try store.put(untraced: fact, .failed)
      default: try store.put(untraced: fact, .skipped)
      }
    }
    open = plan.unitsOf.map { $0.map { $0.count { results[plan.units[$0].number] == nil } } }
    for fact in kept {
      for restoration in job.spec.restore.indices where open[fact][restoration] == 0 {
        try write(fact, restoration)
      }
    }
    return kept
  }

  /// Writes the cells of a fact and restoration when its last unit is in.
  private func close(_ number: Int) throws(Refusal) {
    guard let unit = plan.unit(number) else { return }
    open[unit.fact][unit.restoration] -= 1
    if open[unit.fact][unit.restoration] == 0 { try write(unit.fact, unit.restoration) }
  }

  private func write(_ fact: Int, _ restoration: Int) throws(Refusal) {
    guard let baseline = baselines[fact] else { return }
    try store.put(fact: fact, restoration: restoration, baseline, results)
    for place in plan.unitsOf[fact][restoration] { results[plan.units[place].number] = nil }
  }

  /// Gives the folder back before the run is finished, so that the next start need not wait.
  ///
  /// - Throws: Where another run has taken it.
  func giveBack() throws(Refusal) { try claim.lock.release() }

  /// Writes the means and closes the run: facts, those traced, units, failures.
  func finish() throws(Refusal) -> [Int] {
    let summary = try TraceSummary(job.grid) {
      (fact, restoration, metric) throws(Refusal) in
      guard kept.contains(fact) else { return nil }
      return try store.cells(fact: fact, restoration: restoration, metric)
    }
    try store.put(summary)
    try writeLog(end: Provenance.now())
    try claim.lock.release()
    let units =
      plan.factCount + kept.reduce(0) { $0 + plan.unitsOf[$1].reduce(0) { $0 + $1.count } }
    return [job.facts.count, kept.count, units, failed.count]
  }

  /// One small file for each attempt: who worked on what, and when.
  private func writeLog(end: String?) throws(Refusal) {
    var members = [
      Attribute.Member("run", .text("\(files.run)")),
      Attribute.Member("start", .text(started)),
      Attribute.Member("ranks", .integer(ranks)),
      Attribute.Member("hosts", .list(hosts.map { .text($0) })),
      Attribute.Member("version", .text(Provenance.version)),
    ]
    if let end { members.append(Attribute.Member("end", .text(end))) }
    try files.write(
      SealedRecord.text(members), to: "\(claim.folder.log)/attempt-\(files.run).json")
  }
}

/// Shows others that this run lives, until it has given the folder back or another run has it.
private func keepAlive(_ lock: RunLock, every interval: Duration, onLoss: (Refusal) -> Void) {
  while true {
    Thread.sleep(forTimeInterval: interval / .seconds(1))
    do throws(Refusal) {
      try lock.heartbeat()
    } catch {
      // A full disk passes, and says nothing of who has the folder.
      if error.kind == .store { return onLoss(error) }
    }
  }
}
