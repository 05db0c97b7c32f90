internal import Foundation
package import Inputs
internal import ResultsStore

/// Checks a trace's folder against itself: every byte that is stored, that every unit is there, and
/// that the arrays hold what the journals say. May look while the run goes on.
package struct TraceVerifier {
  var report = VerifyReport()
  let folder: RunFolder
  let attempts: RunAttempts
  let isLive: Bool
  private let options: VerifyOptions

  /// - Throws: Where the folder is no run's, or its specification is damaged; and where units are to
  ///   be run again, what stands in the way.
  package static func verify(_ path: String, _ options: VerifyOptions) throws(Refusal)
    -> VerifyReport
  {
    var verifier = try TraceVerifier(path, options)
    try verifier.run()
    return verifier.report
  }

  private init(_ path: String, _ options: VerifyOptions) throws(Refusal) {
    folder = try RunFolder.open(path)
    self.options = options
    attempts = RunAttempts(folder)
    let holder = report.attempt { [folder] () throws(Refusal) in try RunHolder.of(folder) }
    isLive = holder?.life == .alive
  }

  /// Whether a start has said that it brought the run to its end.
  var isFinished: Bool { attempts.attempts.contains { $0.end != nil } }

  private mutating func run() throws(Refusal) {
    report.checkRecords(folder, attempts)
    let (folder, pathsFrom) = (folder, options.pathsFrom)
    let known = report.faults.count
    guard
      let reader = report.attempt({ () throws(Refusal) in
        try TraceReader(folder, pathsFrom: pathsFrom)
      })
    else {
      if report.faults.count == known {
        report.note("the run has only begun")
      } else {
        report.note("not checked without it: what journals and arrays say of each other")
        scanJournals()
      }
      return
    }
    report.isPlanned = true
    // After the labels, and before the journals: what a run writes meanwhile is not missed.
    let present = ArrayFiles(below: folder.results)
    guard
      let journals = report.attempt({ () throws(Refusal) in
        try TraceJournals(folder, reader.grid, reader.plan)
      })
    else { return }
    check(journals)
    checkCoverage(reader, journals)
    checkArrays(reader, journals, present)
    checkLabels(reader, present)
    for line in TraceSelfTests.oddities(reader, journals) { report.note(line) }
    let faults = TraceSelfTests.faults(reader, journals)
    for fault in faults { report.add(fault) }
    if let share = options.recompute {
      let found = try TraceRecompute(
        reader, journals, attempts, share: share, seed: options.seed, threads: options.threads
      ).run()
      for note in found.notes { report.note(note) }
      for fault in found.faults { report.add(fault) }
      report.count(found.units, "units by running them again (seed \(options.seed))")
    }
  }

  /// The journals' own checksums, where nothing else can be said of them.
  private mutating func scanJournals() {
    let folder = folder
    for file in report.attempt({ () throws(Refusal) in
      try JournalReader.files(in: folder.journal)
    }) ?? [] {
      let scan = report.attempt { () throws(Refusal) in
        try JournalScan(file, job: folder.spec.digest)
      }
      for finding in scan?.findings ?? [] { report.take(finding, isLive: isLive) }
    }
  }

  private mutating func check(_ journals: TraceJournals) {
    for finding in journals.findings { report.take(finding, isLive: isLive) }
    for fault in journals.faults { report.add(fault) }
    report.count(journals.fileCount, "journals with \(journals.entries.count) results")
    if journals.duplicates > 0 {
      report.note("\(journals.duplicates) results stand in two journals, all alike")
    }
  }

  private mutating func checkCoverage(_ reader: TraceReader, _ journals: TraceJournals) {
    func miss(_ unit: Int, _ what: String) {
      guard isFinished else {
        report.unitsLeft += 1
        return
      }
      report.add(
        Refusal(
          .store, file: folder.journal, field: "unit \(unit), \(what)", found: "no result",
          expected: "one, since the run has come to its end"))
    }
    for (fact, labels) in reader.facts.enumerated() {
      let name = "fact \(escaped(labels.id))"
      guard let baseline = journals.baselines[fact] else {
        if journals.failures[fact] != nil {
          report.unitsFailed += 1
        } else {
          miss(fact, "the baseline of \(name)")
          // Whether the fact is traced is not known yet; status counts its units as left too.
          if !isFinished {
            report.unitsLeft += reader.plan.unitsOf[fact].reduce(0) { $0 + $1.count }
          }
        }
        continue
      }
      guard reader.spec.status(answer: labels.answerID, baseline) == .traced else { continue }
      for unit in reader.plan.unitsOf[fact].joined().map({ reader.plan.units[$0] })
      where journals.entries[unit.number] == nil {
        if journals.failures[unit.number] != nil {
          report.unitsFailed += 1
        } else {
          miss(unit.number, "\(name), \(reader.grid.restore[unit.restoration].name)")
        }
      }
    }
  }
}

/// The files that stand below a folder of arrays at one moment.
struct ArrayFiles: Sendable {
  /// From the folder on: `status/c.0.1.0.0`.
  let names: Set<String>
  private let root: String

  init(below root: String) {
    self.root = root
    let all = FileManager.default.enumerator(atPath: root)?.allObjects as? [String] ?? []
    names = Set(all)
  }

  func contains(_ path: String) -> Bool {
    path.hasPrefix(root + "/") && names.contains(String(path.dropFirst(root.utf8.count + 1)))
  }
}
