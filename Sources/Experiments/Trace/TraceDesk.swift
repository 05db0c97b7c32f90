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
  private let held: HeldRun
  private let store: TraceStore
  private let deaths: UnitDeaths
  private let observer: any RunObserver
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
    held = try HeldRun(
      options, RunSpec(toml: job.spec.toml, json: spec), provenance: provenance,
      observer: observer, stop: stop)
    store = try TraceStore(held.folder.results, job, plan, spec: spec, by: held.files)
    let journals = try JournalReader.readAll(
      held.folder.journal, job: held.folder.spec.digest)
    for finding in journals.findings { observer.note(finding.description) }
    baselines = Array(repeating: nil, count: plan.factCount)
    var done: Set<Int> = []
    for (unit, payload) in journals.results {
      guard let number = Int(exactly: unit), number < plan.factCount + plan.units.count else {
        throw Refusal(
          .store, file: held.folder.journal, field: "unit \(unit)", found: "a unit past the plan",
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
      held.folder, notes: journals.notes, unitCount: plan.factCount + plan.units.count)
    start = held.start(done: done, deaths: deaths.counts)
  }

  var doneUnits: Set<Int> { start.done }

  /// Keeps what is known of ranks that died in earlier starts.
  func noteDeaths(in journal: RankJournal) throws(Refusal) {
    for line in deaths.lines { observer.note(line) }
    try deaths.record(in: journal)
  }

  /// Notes who works, for the record of this attempt.
  func log(ranks: Int, hosts: [String]) throws(Refusal) {
    try held.log(ranks: ranks, hosts: hosts)
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
  func giveBack() throws(Refusal) { try held.giveBack() }

  /// Writes the means and closes the run: facts, those traced, units, failures.
  func finish() throws(Refusal) -> [Int] {
    let summary = try TraceSummary(job.grid) {
      (fact, restoration, metric) throws(Refusal) in
      guard kept.contains(fact) else { return nil }
      return try store.cells(fact: fact, restoration: restoration, metric)
    }
    try store.put(summary)
    try held.finish()
    let units =
      plan.factCount + kept.reduce(0) { $0 + plan.unitsOf[$1].reduce(0) { $0 + $1.count } }
    return [job.facts.count, kept.count, units, failed.count]
  }
}
