internal import Foundation
internal import Inputs
internal import Randomness
internal import ResultsStore
internal import Tensors

/// Checks a run's folder against itself, whatever its kind: records, journals, every byte of the
/// arrays, checkpoints, what units wrote beside them; and by running units again.
struct RunVerifier<K: Kind> {
  typealias Layout = K.Layout

  private var report = VerifyReport()
  private let folder: RunFolder
  private let starts: RunAttempts
  private let isLive: Bool
  private let options: VerifyOptions

  static func verify(_ path: String, _ options: VerifyOptions) throws(Refusal) -> VerifyReport {
    var verifier = try RunVerifier(path, options)
    verifier.run()
    return verifier.report
  }

  private init(_ path: String, _ options: VerifyOptions) throws(Refusal) {
    folder = try RunFolder.open(path)
    self.options = options
    starts = RunAttempts(folder)
    isLive = try RunHolder.of(folder)?.life == .alive
  }

  private var isFinished: Bool { starts.attempts.contains { $0.end != nil } }

  private mutating func run() {
    report.checkRecords(folder, starts)
    let (folder, pathsFrom) = (folder, options.pathsFrom)
    let reader = report.attempt { () throws(Refusal) in
      try RunReader(K.self, folder, pathsFrom: pathsFrom)
    }
    guard let reader else { return }
    report.isPlanned = true
    if let first = reader.table.first(in: folder.path) { checkFirst(first) }
    let journals = report.attempt { () throws(Refusal) in
      try UnitJournals(reading: folder, reader.table)
    }
    guard let journals else { return }
    for finding in journals.findings {
      report.take(
        finding, isLive: isLive,
        hasEnded: journals.runs[finding.file].map { starts.hasEnded($0) } ?? false)
    }
    for fault in journals.faults { report.add(fault) }
    report.checkStarts(of: Array(journals.runs.values), starts, in: folder)
    report.count(
      journals.fileCount,
      "journals with \(journals.results.doneCount) results"
        + (journals.duplicates > 0 ? ", \(journals.duplicates) of them twice" : ""))
    checkCoverage(reader.table, journals.results)
    if let store = reader.store {
      var check = ArrayCheck(
        table: reader.table, store: store, results: journals.results, isFinished: isFinished,
        isLive: isLive)
      check.run(in: folder.results)
      for fault in check.faults { report.add(fault) }
      for note in check.notes { report.note(note) }
      report.count(check.equal, "chunks of arrays against the journals")
    }
    let audit = reader.table.audit(
      journals.results, in: folder, isFinished: isFinished)
    for fault in audit.faults {
      report.add(fault.file.isEmpty ? fault.inFile(folder.journal) : fault)
    }
    for note in audit.notes { report.note(note) }
    checkFiles(reader.table.files(journals.results, in: folder.path))
    report.checkCheckpoints(in: folder)
    if let share = options.recompute {
      do throws(Refusal) {
        try recompute(reader, journals, share)
      } catch { report.add(error) }
    }
  }

  /// Checks the run that this one begins with.
  private mutating func checkFirst(_ first: FirstRun) {
    guard TrainingFiles.exists(first.path) else {
      if isFinished {
        report.add(
          Refusal(
            .store, file: first.path, found: "nothing",
            expected: "the run in which \(first.what) was made"))
      }
      return
    }
    var options = options
    let folder = folder
    let found = report.attempt { () throws(Refusal) in
      // Its job's files start from where this one's do.
      if options.pathsFrom == nil { options.pathsFrom = try folder.pathsFrom() }
      return try first.kind.experiment.verify(first.path, options)
    }
    if let found { report.join(found, of: first.what) }
  }

  private mutating func checkCoverage(_ table: Layout, _ results: Results<Layout.Result>) {
    for unit in table.planned(results) where !results.isDone(unit) {
      if results.hasFailed(unit) {
        report.unitsFailed += 1
      } else if isFinished {
        report.add(
          Refusal(
            .store, file: folder.journal, field: table.name(of: unit), found: "no result",
            expected: "one, since the run has come to its end"))
      } else {
        report.unitsLeft += 1
      }
    }
  }

  private mutating func checkFiles(_ files: [RunFile]) {
    var count = 0
    for file in files {
      let digest = report.attempt { () throws(Refusal) in
        try file.isFolder ? TrainingFiles.digest(of: file.path) : fileDigest(file.path)
      }
      guard let digest else { continue }
      if digest == file.digest {
        count += 1
      } else {
        report.add(
          Refusal(
            .store, file: file.path, found: "other bytes than were written (\(digest))",
            expected: "\(file.digest), as the journal says"))
      }
    }
    if !files.isEmpty { report.count(count, "files and folders that units wrote") }
  }

  /// Runs a share of the units again, at least one, and compares their records' bytes.
  private mutating func recompute(
    _ reader: RunReader<Layout>, _ journals: UnitJournals<Layout>, _ share: Double
  ) throws(Refusal) {
    let done = journals.results.done
    let count = min(done.count, max(1, Int((Double(done.count) * share).rounded(.up))))
    let chosen = Philox(key: options.seed).order(of: done.count, round: 0)
      .prefix(count).map { done[$0] }.sorted()
    let again = try UnitRecompute<K>(reader, options, journals.entries.mapValues(\.payload))
      .records(of: chosen)
    for unit in chosen {
      guard let entry = journals.entries[unit] else { continue }
      switch again[unit] {
      case nil: continue
      case .success(let bytes)? where bytes == entry.payload: continue
      case .success(let bytes)?:
        let host = entry.run.flatMap { run in
          entry.rank.flatMap { starts.host(of: $0, in: run) }
        }
        let place = zip(bytes, entry.payload).enumerated().first { $0.element.0 != $0.element.1 }
        report.add(
          Refusal(
            .store, file: entry.file, field: reader.table.name(of: unit),
            found: "another result than running it again gives, from byte "
              + "\(place?.offset ?? min(bytes.count, entry.payload.count)) on, made by rank "
              + "\(entry.rank ?? 0)\(host.map { " on host \(escaped($0))" } ?? "")",
            expected: "the same bytes"))
      case .failure(let error)?:
        report.add(
          Refusal(
            .store, file: entry.file, field: reader.table.name(of: unit), found: "a result",
            expected: "one that can be had again: \(escaped("\(error)"))"))
      }
    }
    report.count(again.count, "units by running them again (seed \(options.seed))")
    if let other = try Self.otherMachine(folder) {
      report.note("units were run again on \(other); results may differ by rounding")
    }
  }

  /// What of this machine rounds otherwise than the one that began the run; nil where it is alike.
  private static func otherMachine(_ folder: RunFolder) throws(Refusal) -> String? {
    let record = try folder.checkedProvenance()
    let (instructions, core) = (instructionSet(), BLAS.coreName)
    let before = (
      try record["instruction_set"].string(), try record["blas_core"].string()
    )
    guard before != (instructions, core) else { return nil }
    return "\(instructions) with OpenBLAS for \(core), not \(escaped(before.0)) with "
      + "\(escaped(before.1))"
  }
}

/// SHA-256 of a file.
func fileDigest(_ path: String, kind: Refusal.Kind = .store) throws(Refusal) -> String {
  var digest = Digest()
  try BoundedFile(path, kind: kind).update(&digest)
  return digest.hexadecimal()
}
