internal import Inputs
internal import ResultsStore

/// What the journals of a trace say, unit by unit, with where they say it.
struct TraceJournals: Sendable {
  struct Entry: Sendable {
    let payload: [UInt8]
    let file: String
    let offset: Int
    let run: RunID?
    let rank: Int?
  }

  /// What one rank of one start has done.
  struct Pace: Sendable {
    let run: RunID
    let rank: Int
    var units = 0
    /// Of compute threads, in which `rows` rows went through a block.
    var seconds = 0.0
    var rows = 0
  }

  /// The result of each unit that has one.
  private(set) var entries: [Int: Entry] = [:]
  /// The payloads of the entries alone, which share their bytes.
  private(set) var payloads: [Int: [UInt8]] = [:]
  /// By fact.
  private(set) var baselines: [Int: TraceBaseline] = [:]
  /// Why units without a result were given up.
  private(set) var failures: [Int: String] = [:]
  /// Units that were given up at least once.
  private(set) var everFailed: Set<Int> = []
  /// By start and rank, in the order of the files' names.
  private(set) var paces: [Pace] = []
  private(set) var findings: [JournalFinding] = []
  /// What makes a journal untrustworthy: two results of a unit that differ, units past the plan.
  private(set) var faults: [Refusal] = []
  /// Results that several attempts wrote, all alike.
  private(set) var duplicates = 0
  private(set) var fileCount = 0

  init(_ folder: RunFolder, _ grid: TraceGrid, _ plan: TracePlan) throws(Refusal) {
    for file in try JournalReader.files(in: folder.journal) {
      fileCount += 1
      do throws(Refusal) {
        take(try JournalScan(file, job: folder.spec.digest), grid, plan)
      } catch { faults.append(error) }
    }
    for unit in entries.keys { failures[unit] = nil }
  }

  private mutating func take(_ scan: JournalScan, _ grid: TraceGrid, _ plan: TracePlan) {
    findings += scan.findings
    var pace = scan.header.map { Pace(run: $0.run, rank: $0.rank) }
    for (record, offset) in scan.records {
      guard let unit = Int(exactly: record.unit), unit < plan.factCount + plan.units.count else {
        faults.append(
          Refusal(
            .store, file: scan.file, field: "unit \(record.unit)", found: "a unit past the plan",
            expected: "units below \(plan.factCount + plan.units.count)"))
        continue
      }
      switch record.kind {
      case .result:
        pace?.units += 1
        take(
          unit,
          Entry(
            payload: record.payload, file: scan.file, offset: offset, run: scan.header?.run,
            rank: scan.header?.rank), grid, plan)
      case .failed:
        failures[unit] = String(decoding: record.payload, as: UTF8.self)
        everFailed.insert(unit)
      case .timing:
        guard let time = UnitTime(record) else { continue }
        pace?.seconds += time.seconds
        pace?.rows += plan.unit(unit)?.blockRows ?? grid.baselineRows(of: unit)
      case .header, .died: continue
      }
    }
    if let pace { paces.append(pace) }
  }

  private mutating func take(
    _ unit: Int, _ entry: Entry, _ grid: TraceGrid, _ plan: TracePlan
  ) {
    if let first = entries[unit] {
      duplicates += 1
      if first.payload != entry.payload {
        faults.append(
          Refusal(
            .store, file: entry.file, field: "unit \(unit), offset \(entry.offset)",
            found: "another result than that in \(escaped(first.file)) at offset \(first.offset)",
            expected: "the same bytes"))
      }
      return
    }
    do throws(Refusal) {
      if let patching = plan.unit(unit) {
        _ = try TraceMetrics.list(entry.payload, of: patching)
      } else {
        baselines[unit] = try TraceBaseline(entry.payload, samples: grid.samples, unit: unit)
      }
      entries[unit] = entry
      payloads[unit] = entry.payload
    } catch { faults.append(error.inFile(entry.file)) }
  }
}
