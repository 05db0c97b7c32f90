internal import Inputs
internal import ResultsStore

/// What the journals of a training job say, unit by unit.
struct DasJournals: Sendable {
  private(set) var results: [Int: DasResult] = [:]
  private(set) var payloads: [Int: [UInt8]] = [:]
  /// Why units without a result were given up.
  private(set) var failures: [Int: String] = [:]
  /// Of trainings that are done, in seconds.
  private(set) var times: [Int: Double] = [:]
  private(set) var findings: [JournalFinding] = []
  /// What makes a journal untrustworthy.
  private(set) var faults: [Refusal] = []
  private(set) var duplicates = 0
  private(set) var fileCount = 0

  init(_ reader: DasReader) throws(Refusal) {
    for file in try JournalReader.files(in: reader.folder.journal) {
      fileCount += 1
      do throws(Refusal) {
        take(try JournalScan(file, job: reader.folder.spec.digest), reader)
      } catch { faults.append(error) }
    }
    for unit in results.keys { failures[unit] = nil }
  }

  private mutating func take(_ scan: JournalScan, _ reader: DasReader) {
    findings += scan.findings
    for (record, offset) in scan.records {
      guard let unit = Int(exactly: record.unit), unit < reader.grid.count else {
        faults.append(
          Refusal(
            .store, file: scan.file, field: "unit \(record.unit)", found: "a unit past the plan",
            expected: "units below \(reader.grid.count)"))
        continue
      }
      switch record.kind {
      case .result: take(unit, record.payload, scan.file, offset, reader)
      case .failed: failures[unit] = String(decoding: record.payload, as: UTF8.self)
      case .timing: if let time = UnitTime(record) { times[unit] = time.seconds }
      case .header, .died: continue
      }
    }
  }

  private mutating func take(
    _ unit: Int, _ payload: [UInt8], _ file: String, _ offset: Int, _ reader: DasReader
  ) {
    if let first = payloads[unit] {
      duplicates += 1
      if first != payload {
        faults.append(
          Refusal(
            .store, file: file, field: "unit \(unit), offset \(offset)",
            found: "another result than in another journal", expected: "the same bytes"))
      }
      return
    }
    do throws(Refusal) {
      results[unit] = try DasResult(payload, steps: reader.layout.steps, unit: unit)
      payloads[unit] = payload
    } catch { faults.append(error.inFile(file)) }
  }
}
