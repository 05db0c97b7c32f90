package import Inputs

/// What all journals of a run say together.
package struct JournalReader: Sendable {
  /// The result of each unit that has one, in the order of unit numbers.
  package let results: [(unit: UInt64, payload: [UInt8])]
  /// The other records, in the order of unit numbers, then of files, then of their place.
  package let notes: [JournalRecord]
  /// Torn ends and damage, to be said.
  package let findings: [JournalFinding]
  /// The headers of the files whose header is whole.
  package let headers: [JournalHeader]
  /// Results that several attempts wrote, all alike.
  package let duplicates: Int

  /// Reads every journal in a run's `journal` folder; files of other names are left alone.
  ///
  /// Memory is that of all payloads. A damaged record is as if it had never been written: its unit
  /// runs again.
  ///
  /// - Throws: Where a journal is of another job, or where two results of a unit differ.
  package static func readAll(_ folder: String, job: String) throws(Refusal) -> JournalReader {
    var results: [UInt64: (payload: [UInt8], file: String, offset: Int)] = [:]
    var notes: [JournalRecord] = []
    var findings: [JournalFinding] = []
    var headers: [JournalHeader] = []
    var duplicates = 0
    for file in try files(in: folder) {
      let scan = try JournalScan(file, job: job)
      findings += scan.findings
      if let header = scan.header { headers.append(header) }
      for (record, offset) in scan.records {
        guard record.kind == .result else {
          notes.append(record)
          continue
        }
        guard let first = results[record.unit] else {
          results[record.unit] = (record.payload, scan.file, offset)
          continue
        }
        guard first.payload == record.payload else {
          throw Refusal(
            .store, file: scan.file, field: "unit \(record.unit), offset \(offset)",
            found: difference(record.payload, first.payload),
            expected: "the same bytes as in \(escaped(first.file)) at offset \(first.offset)")
        }
        duplicates += 1
      }
    }
    let order = notes.indices.sorted { (notes[$0].unit, $0) < (notes[$1].unit, $1) }
    return JournalReader(
      results: results.map { ($0.key, $0.value.payload) }.sorted { $0.0 < $1.0 },
      notes: order.map { notes[$0] }, findings: findings, headers: headers, duplicates: duplicates)
  }

  /// The paths of the journals in a run's `journal` folder, in the order of their names.
  package static func files(in folder: String) throws(Refusal) -> [String] {
    try namesInFolder(folder).filter { JournalName($0) != nil }.map { "\(folder)/\($0)" }
  }

  private static func difference(_ a: [UInt8], _ b: [UInt8]) -> String {
    guard a.count == b.count else { return "a result of \(a.count) bytes, not \(b.count)" }
    let place = zip(a, b).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? 0
    return "a result that differs from byte \(place) on"
  }
}
