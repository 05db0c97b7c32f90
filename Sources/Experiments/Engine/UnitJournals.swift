internal import Inputs
internal import ResultsStore

/// What the journals of a run say, unit by unit.
struct UnitJournals<Layout: Table>: Sendable {
  /// Where a result stands, and who made it.
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
    let units: Int
    /// Of compute threads, in which units of that cost were computed.
    let seconds: Double
    let cost: Double
  }

  private let table: Layout
  /// Of the file that is being read.
  private var open = (units: 0, seconds: 0.0, cost: 0.0)
  private(set) var results: Results<Layout.Result>
  /// The record of each unit that has one, where all are read.
  private(set) var entries: [Int: Entry] = [:]
  /// Deaths of ranks and other records that are neither results nor times.
  private(set) var notes: [JournalRecord] = []
  /// By start and rank, in the order of the files' names.
  private(set) var paces: [Pace] = []
  private(set) var findings: [JournalFinding] = []
  /// The start that wrote each file.
  private(set) var runs: [String: RunID] = [:]
  /// What makes a journal untrustworthy: two results of a unit that differ, units past the plan.
  private(set) var faults: [Refusal] = []
  /// Results that several starts wrote, all alike.
  private(set) var duplicates = 0
  private(set) var fileCount = 0

  /// Faults that are named; a damaged plan would have a million.
  private static var faultLimit: Int { 100 }

  /// Reads all records, every byte of them checked.
  init(reading folder: RunFolder, _ table: Layout) throws(Refusal) {
    self.init(table)
    for file in try JournalReader.files(in: folder.journal) {
      do throws(Refusal) {
        let scan = try JournalScan(file, job: folder.spec.digest)
        for (record, offset) in scan.records { take(record, file, offset, scan.header) }
        close(file, scan.header, scan.findings)
      } catch { faults.append(error) }
    }
  }

  /// Looks at the records fast, and keeps the results that decide: for a run of a million units
  /// while one waits.
  init(surveying folder: RunFolder, _ table: Layout) throws(Refusal) {
    self.init(table)
    for file in try JournalReader.files(in: folder.journal) {
      do throws(Refusal) {
        let survey = try JournalSurvey(file, job: folder.spec.digest) { kind, unit, payload in
          glance(kind, unit, payload, file)
        }
        close(file, survey.header, survey.findings)
      } catch { faults.append(error) }
    }
  }

  private init(_ table: Layout) {
    self.table = table
    results = Results(count: table.unitCount)
  }

  /// Ends a file.
  private mutating func close(
    _ file: String, _ header: JournalHeader?, _ findings: [JournalFinding]
  ) {
    fileCount += 1
    self.findings += findings
    if let header {
      runs[file] = header.run
      paces.append(
        Pace(
          run: header.run, rank: header.rank, units: open.units, seconds: open.seconds,
          cost: open.cost))
    }
    open = (0, 0, 0)
  }

  private mutating func number(_ unit: UInt64, _ file: String) -> Int? {
    if let number = Int(exactly: unit), number < table.unitCount { return number }
    if faults.count < Self.faultLimit {
      faults.append(
        Refusal(
          .store, file: file, field: "unit \(unit)", found: "a unit past the plan",
          expected: "units below \(table.unitCount)"))
    }
    return nil
  }

  private mutating func count(_ seconds: Double?, of unit: Int) {
    guard let seconds else { return }
    open.seconds += seconds
    open.cost += table.cost(of: unit)
  }

  private mutating func take(
    _ record: JournalRecord, _ file: String, _ offset: Int, _ header: JournalHeader?
  ) {
    guard let unit = number(record.unit, file) else { return }
    switch record.kind {
    case .result:
      open.units += 1
      take(
        unit,
        Entry(
          payload: record.payload, file: file, offset: offset, run: header?.run,
          rank: header?.rank))
    case .failed: results.fail(unit, String(decoding: record.payload, as: UTF8.self))
    case .timing: count(UnitTime(record)?.seconds, of: unit)
    case .died: notes.append(record)
    case .header: return
    }
  }

  private mutating func take(_ unit: Int, _ entry: Entry) {
    if let first = entries[unit] {
      duplicates += 1
      guard first.payload != entry.payload else { return }
      faults.append(
        Refusal(
          .store, file: entry.file, field: "unit \(unit), offset \(entry.offset)",
          found: "another result than that in \(escaped(first.file)) at offset \(first.offset)",
          expected: "the same bytes"))
      return
    }
    do throws(Refusal) {
      results.take(unit, try table.result(entry.payload, of: unit))
      entries[unit] = entry
    } catch { faults.append(error.inFile(entry.file)) }
  }

  private mutating func glance(
    _ kind: JournalRecord.Kind, _ number: UInt64, _ payload: UnsafeRawBufferPointer, _ file: String
  ) {
    guard let unit = self.number(number, file) else { return }
    switch kind {
    case .result:
      open.units += 1
      guard table.decides(unit), results[unit] == nil else { return results.take(unit, nil) }
      do throws(Refusal) {
        results.take(unit, try table.result(Array(payload), of: unit))
      } catch { faults.append(error.inFile(file)) }
    case .failed: results.fail(unit, String(decoding: payload, as: UTF8.self))
    case .timing: count(UnitTime.seconds(payload), of: unit)
    case .header, .died: return
    }
  }
}
