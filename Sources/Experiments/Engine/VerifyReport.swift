package import Inputs
internal import Interventions
internal import ResultsStore

/// What `verify` found in a run's folder.
package struct VerifyReport: Sendable {
  /// Each names a file, and what is wrong in it.
  package private(set) var faults: [Refusal] = []
  /// What is worth a line and no fault: what was not checked, what a kill left, what looks odd.
  package private(set) var notes: [String] = []
  /// What was looked at, in words.
  private var checked: [(count: Int, what: String)] = []
  /// Units without a result, of a run that is not finished.
  package var unitsLeft = 0
  package var unitsFailed = 0
  /// Whether the run has said what it will do.
  package var isPlanned = false

  mutating func add(_ fault: Refusal) {
    // One damaged file can be met on several ways.
    if !faults.contains(fault) { faults.append(fault) }
  }

  mutating func note(_ text: String) { notes.append(text) }

  mutating func count(_ count: Int, _ what: String) { checked.append((count, what)) }

  /// Does a check; what it throws is a fault, and its result is nil.
  mutating func attempt<T>(_ check: () throws(Refusal) -> T?) -> T? {
    do throws(Refusal) { return try check() } catch {
      add(error)
      return nil
    }
  }

  /// Takes what was found in a run that this one needs.
  mutating func join(_ first: VerifyReport, of what: String) {
    for fault in first.faults { add(fault) }
    notes += first.notes.map { "\(what): \($0)" }
    checked += first.checked.map { ($0.count, "\($0.what), of \(what)") }
    (unitsLeft, unitsFailed) = (unitsLeft + first.unitsLeft, unitsFailed + first.unitsFailed)
    isPlanned = isPlanned && first.isPlanned
  }

  /// 5 with a fault; else 75 where units are left, 1 where some failed, 0 where all is done.
  package var exitCode: Int32 {
    if !faults.isEmpty { return Refusal.Kind.store.exitCode }
    if !isPlanned || unitsLeft > 0 { return 75 }
    return unitsFailed > 0 ? 1 : 0
  }

  /// What was checked, and what came of it; the faults themselves are `faults`.
  package var lines: [String] {
    var lines = checked.map { "checked \($0.count) \($0.what)" } + notes.map { "note: \($0)" }
    if unitsLeft > 0 { lines.append("\(unitsLeft) units are left; the same command goes on") }
    if unitsFailed > 0 { lines.append("\(unitsFailed) units failed") }
    lines.append(
      faults.isEmpty
        ? "no fault\(exitCode == 75 ? " in what is there" : "")"
        : "\(faults.count) fault\(faults.count == 1 ? "" : "s")")
    return lines
  }

  /// Checks the records of the job and its starts. The specification's digest was checked when the
  /// folder was opened.
  mutating func checkRecords(_ folder: RunFolder, _ attempts: RunAttempts) {
    let record = attempt { () throws(Refusal) in try folder.checkedProvenance() }
    for fault in attempts.faults { add(fault) }
    let leases = attempt { () throws(Refusal) in try RunHolder.faults(of: folder) }
    for fault in leases ?? [] { add(fault) }
    let missing = attempt { () throws(Refusal) in try folder.missingFolders() }
    for path in missing ?? [] {
      add(Refusal(.store, file: path, found: "nothing", expected: "what every run's folder has"))
    }
    count((record == nil ? 1 : 3) + attempts.attempts.count, "records of the job and its starts")
  }

  /// Checks what is kept of units under way.
  mutating func checkCheckpoints(in folder: RunFolder) {
    var good = 0
    for unit in TrainingFiles.checkpointedUnits(in: folder.path) {
      let path = TrainingFiles.checkpoint(of: unit, in: folder.path)
      let isGood: Bool? = attempt { () throws(Refusal) in
        try CheckpointFile.verify(path)
        return true
      }
      if isGood == true { good += 1 }
    }
    if good > 0 { count(good, "checkpoints of what is under way") }
  }

  /// Checks that the starts that wrote journals are on record.
  mutating func checkStarts(of runs: [RunID], _ attempts: RunAttempts, in folder: RunFolder) {
    guard attempts.faults.isEmpty else { return }
    let known = Set(attempts.attempts.map(\.run))
    for run in Set(runs.map(\.description)).subtracting(known).sorted() {
      add(
        Refusal(
          .store, file: RunAttempt.path(of: run, in: folder), found: "nothing",
          expected: "the record of a start that has written a journal"))
    }
  }

  /// Takes what a journal holds besides good records.
  ///
  /// - Parameter hasEnded: Whether the start that wrote it came to its end: a kill then tore nothing.
  mutating func take(_ finding: JournalFinding, isLive: Bool, hasEnded: Bool) {
    switch finding.kind {
    case .tornTail where isLive && !hasEnded: break  // A record that is being written.
    case .tornTail where !hasEnded: note(finding.description)
    case .tornTail, .damage:
      add(
        Refusal(
          .store, file: finding.file, field: "bytes from \(finding.offset) on",
          found: "\(finding.count) damaged bytes (\(finding.cause))",
          expected: "whole records; what they said is run again by the same command"))
    }
  }
}
