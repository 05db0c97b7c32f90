internal import Inputs
internal import ResultsStore

/// What the journals of a basis job say, unit by unit.
struct BasisJournals: Sendable {
  private(set) var results: [Int: BasisResult] = [:]
  /// Seconds that units took, where that is known.
  private(set) var seconds: [Int: Double] = [:]
  private(set) var findings: [JournalFinding] = []
  /// What makes a journal untrustworthy.
  private(set) var faults: [Refusal] = []
  private(set) var fileCount = 0

  init(_ folder: RunFolder, _ numbering: BasisUnit.Numbering, width: Int) throws(Refusal) {
    for file in try JournalReader.files(in: folder.journal) {
      fileCount += 1
      do throws(Refusal) {
        let scan = try JournalScan(file, job: folder.spec.digest)
        findings += scan.findings
        for (record, _) in scan.records {
          do throws(Refusal) {
            try take(record, numbering, width: width)
          } catch { faults.append(error.inFile(file)) }
        }
      } catch { faults.append(error) }
    }
  }

  private mutating func take(
    _ record: JournalRecord, _ numbering: BasisUnit.Numbering, width: Int
  ) throws(Refusal) {
    guard record.kind == .result || record.kind == .timing else { return }
    guard let number = Int(exactly: record.unit), let unit = numbering[number] else {
      throw Refusal(
        .store, field: "unit \(record.unit)", found: "a unit past the plan",
        expected: "units below \(numbering.count)")
    }
    guard record.kind == .result else {
      seconds[number] = UnitTime(record)?.seconds
      return
    }
    let result = try BasisResult(
      record.payload, of: unit, number: number, width: width, directions: numbering.directions)
    guard results[number] == nil || results[number] == result else {
      throw Refusal(
        .store, field: "unit \(number)", found: "another result than that of an earlier start",
        expected: "the same bytes")
    }
    results[number] = result
  }
}
