internal import Cluster
internal import Inputs
internal import ResultsStore

/// Rank 0's side of a run: the folder, what is done, and the arrays as results come in.
final class RunLedger<Layout: Table> {
  let start: RunStart
  let table: Layout
  private let held: HeldRun
  private let deaths: UnitDeaths
  private let observer: any RunObserver
  private var store: RunStore<Layout>
  private(set) var results: Results<Layout.Result>
  /// Records of the results that earlier starts left.
  let records: [Int: [UInt8]]
  private var phase: (name: String?, ended: Int, failed: Int) = (nil, 0, 0)
  private var lastWrite = ContinuousClock.now
  private var writing = Duration.zero

  /// Arrays are written at most so often while units come in; and no more of the time goes into it
  /// than a twentieth.
  private static var pause: Duration { .seconds(20) }

  init(
    _ table: Layout, _ launch: RunLaunch, _ spec: RunSpec, provenance: [Attribute.Member]
  ) throws(Refusal) {
    (self.table, observer) = (table, launch.observer)
    held = try HeldRun(
      launch.options, spec, provenance: provenance, observer: launch.observer, stop: launch.stop)
    store = try RunStore(held.folder, table, by: held.files)
    let journals = try UnitJournals(reading: held.folder, table)
    for finding in journals.findings { observer.note(finding.description) }
    if let fault = journals.faults.first { throw fault }
    // What was given up is tried again.
    results = journals.results.withoutFailures()
    records = journals.entries.mapValues(\.payload)
    deaths = try UnitDeaths(held.folder, notes: journals.notes, unitCount: table.unitCount)
    start = held.start(done: Set(results.done), deaths: deaths.counts)
    try held.log(ranks: launch.world.size, hosts: launch.world.hosts)
    try write()
  }

  /// Keeps what is known of ranks that died in earlier starts.
  func noteDeaths(in journal: RankJournal) throws(Refusal) {
    for line in deaths.lines { observer.note(line) }
    try deaths.record(in: journal)
  }

  func begin(_ phase: Phase) throws(Refusal) {
    if self.phase.name != phase.name {
      try end()
      observer.begin(phase.name, of: phase.unitName, total: phase.total, done: phase.done)
    }
    self.phase = (phase.name, phase.done, 0)
  }

  /// Ends what was begun; its arrays are then written.
  private func end() throws(Refusal) {
    guard phase.name != nil else { return }
    observer.end()
    phase.name = nil
    try write()
  }

  /// Takes a unit's result, which is durable.
  func take(_ unit: Int, _ bytes: [UInt8]) throws(Refusal) {
    results.take(unit, try table.result(bytes, of: unit))
    let checkpoint = TrainingFiles.checkpoint(of: unit, in: held.folder.path)
    if TrainingFiles.exists(checkpoint) { try TrainingFiles.remove(checkpoint) }
    phase.ended += 1
    try advance()
  }

  func note(_ failure: UnitFailure) throws(Refusal) {
    results.fail(failure.unit, failure.message)
    observer.note(
      "\(table.name(of: failure.unit)) failed on host \(failure.host): \(failure.message)")
    phase.ended += 1
    phase.failed += 1
    try advance()
  }

  /// Hears how far the unit under way has come, where units are done one after another.
  func advance(step: Int, of steps: Int) {
    observer.advance(step: step, of: steps, name: table.stepName)
  }

  private func advance() throws(Refusal) {
    observer.advance(done: phase.ended, failed: phase.failed)
    let since = lastWrite.duration(to: .now)
    if since > Self.pause, since > writing * 20 { try write() }
  }

  private func write() throws(Refusal) {
    let begun = ContinuousClock.now
    try store.write(results, by: held.files)
    lastWrite = .now
    writing = begun.duration(to: lastWrite)
  }

  /// What the kind itself counts, in a line.
  var counted: String? {
    table.progress(results).lines.first.map {
      $0.split(separator: " ").joined(separator: " ")
    }
  }

  /// Closes the run: units that are done and that failed.
  func finish() throws(Refusal) -> (done: Int, failed: Int) {
    try end()
    try write()
    try table.conclude(results, in: held.folder)
    try held.finish()
    return (results.doneCount, results.failures.count)
  }

  /// Gives the folder back before the run is finished, so that the next start need not wait; what is
  /// known by now is in the arrays.
  func giveBack() throws(Refusal) {
    try end()
    try write()
    try held.giveBack()
  }
}
