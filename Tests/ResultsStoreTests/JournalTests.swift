import Foundation
import Inputs
import Testing
import _TestSupport

@testable import ResultsStore

/// A journal of five records in three commits, and the offsets at which its records end.
private func writeJournal(
  in folder: String, rank: Int = 17
) throws -> (records: [JournalRecord], ends: [Int]) {
  var journal = try JournalWriter.open(in: folder, job: job, run: try runID(1), rank: rank)
  var ends = [try size(journal.path)]
  let records = [
    JournalRecord(.result, unit: 9, payload: Array("nine nine nine nine".utf8)),
    JournalRecord(.died, unit: 4, payload: []),
    JournalRecord(.result, unit: 4, payload: [0, 255, 0]),
    JournalRecord(.timing, unit: 4, payload: Array("2.5".utf8)),
    JournalRecord(.result, unit: UInt64.max, payload: []),
  ]
  for record in records {
    try journal.append(record)
    #expect(journal.pendingBytes > 0)
    try journal.commit()
    ends.append(try size(journal.path))
  }
  return (records, ends)
}

private func size(_ path: String) throws -> Int {
  try BoundedFile(path, kind: .store).size
}

@Test func `records come back in the order of their units`() throws {
  let scratch = try Scratch()
  let (records, _) = try writeJournal(in: scratch.path)
  let all = try JournalReader.readAll(scratch.path, job: job)
  #expect(all.results.map(\.unit) == [4, 9, UInt64.max])
  #expect(all.results.map(\.payload) == [[0, 255, 0], records[0].payload, []])
  #expect(all.notes == [records[1], records[3]])
  #expect(all.findings.isEmpty)
  let header = try #require(all.headers.first)
  #expect(header.job == job && header.rank == 17 && header.attempt == 1)
}

@Test func `a record counts only after a commit, and a commit of many is one write`() throws {
  let scratch = try Scratch()
  var journal = try JournalWriter.open(in: scratch.path, job: job, run: try runID(1), rank: 0)
  for unit in 0..<100 {
    try journal.append(JournalRecord(.result, unit: UInt64(unit), payload: [UInt8(unit)]))
  }
  #expect(try JournalReader.readAll(scratch.path, job: job).results.isEmpty)
  try journal.commit()
  #expect(journal.pendingBytes == 0)
  #expect(try JournalReader.readAll(scratch.path, job: job).results.count == 100)
}

@Test func `every flipped bit of a journal is noticed and changes no record`() throws {
  let scratch = try Scratch()
  let (records, _) = try writeJournal(in: scratch.path)
  let whole = try scratch.bytes("rank-00017.1.zst")
  for place in whole.indices {
    for bit in 0..<8 {
      var bytes = whole
      bytes[place] ^= 1 << bit
      try scratch.put(bytes, "rank-00017.1.zst")
      do throws(Refusal) {
        let scan = try JournalScan(scratch.file("rank-00017.1.zst"), job: job)
        #expect(!scan.findings.isEmpty, "byte \(place), bit \(bit)")
        #expect(scan.records.allSatisfy { records.contains($0.record) })
        #expect(scan.records.count >= records.count - 1, "byte \(place) hides more than a record")
      } catch {
        #expect(error.kind == .store && error.file.hasSuffix("rank-00017.1.zst"))
      }
    }
  }
}

@Test func `a journal cut anywhere keeps the whole records and says what was torn`() throws {
  let scratch = try Scratch()
  let (records, ends) = try writeJournal(in: scratch.path)
  let whole = try scratch.bytes("rank-00017.1.zst")
  for count in 0..<whole.count {
    try scratch.put(Array(whole[..<count]), "rank-00017.1.zst")
    let scan = try JournalScan(scratch.file("rank-00017.1.zst"), job: job)
    let kept = max(0, ends.count { $0 <= count } - 1)
    #expect(scan.records.map(\.record) == Array(records[..<kept]))
    if count == 0 || ends.contains(count) {
      #expect(scan.findings.isEmpty, "\(count)")
    } else {
      let finding = try #require(scan.findings.first)
      #expect(scan.findings.count == 1 && finding.kind == .tornTail)
      #expect(finding.offset == ends.last { $0 <= count } ?? 0)
      #expect(finding.offset + finding.count == count)
    }
  }
}

@Test func `zeros at the end, as after a power cut, are a torn tail`() throws {
  let scratch = try Scratch()
  let (records, _) = try writeJournal(in: scratch.path)
  let whole = try scratch.bytes("rank-00017.1.zst")
  try scratch.put(whole + [UInt8](repeating: 0, count: 5000), "rank-00017.1.zst")
  let scan = try JournalScan(scratch.file("rank-00017.1.zst"), job: job)
  #expect(scan.records.map(\.record) == records)
  #expect(scan.findings.map(\.kind) == [.tornTail] && scan.findings[0].offset == whole.count)
}

@Test
func `pages of the last write that a power cut left out are a torn tail, a changed bit is not`()
  throws
{
  let scratch = try Scratch()
  let (records, ends) = try writeJournal(in: scratch.path)
  let name = "rank-00017.1.zst"
  let whole = try scratch.bytes(name)
  // More than two pages after the last record, the first of them never written.
  let next = (whole.count / 4096 + 1) * 4096
  var torn = whole + [UInt8](repeating: 0, count: next - whole.count)
  torn += (0..<5000).map { UInt8(truncatingIfNeeded: $0 | 1) }
  try scratch.put(torn, name)
  let cut = try JournalScan(scratch.file(name), job: job)
  #expect(cut.records.map(\.record) == records)
  #expect(cut.findings.map(\.kind) == [.tornTail])
  #expect(
    cut.findings[0].offset == whole.count && cut.findings[0].count == torn.count - whole.count)
  // The last record itself: damage, whichever of its bytes has changed.
  for place in ends[ends.count - 2]..<whole.count {
    var damaged = whole
    damaged[place] ^= 1
    try scratch.put(damaged, name)
    let scan = try JournalScan(scratch.file(name), job: job)
    #expect(scan.findings.map(\.kind) == [.damage], "byte \(place)")
  }
}

@Test func `damage in the middle is named with its place, and what follows is read`() throws {
  let scratch = try Scratch()
  let (records, ends) = try writeJournal(in: scratch.path)
  var bytes = try scratch.bytes("rank-00017.1.zst")
  for place in ends[1]..<ends[2] { bytes[place] = 0x55 }
  try scratch.put(bytes, "rank-00017.1.zst")
  let scan = try JournalScan(scratch.file("rank-00017.1.zst"), job: job)
  #expect(scan.records.map(\.record) == [records[0]] + records[2...])
  let finding = try #require(scan.findings.first)
  #expect(finding.kind == .damage && finding.offset == ends[1])
  #expect(finding.count == ends[2] - ends[1])
  #expect(finding.description.contains("from \(ends[1]) on"))
}

@Test func `a record taken out of the middle is noticed`() throws {
  let scratch = try Scratch()
  let (records, ends) = try writeJournal(in: scratch.path)
  var bytes = try scratch.bytes("rank-00017.1.zst")
  bytes.removeSubrange(ends[1]..<ends[2])
  try scratch.put(bytes, "rank-00017.1.zst")
  let scan = try JournalScan(scratch.file("rank-00017.1.zst"), job: job)
  #expect(scan.records.map(\.record) == [records[0]] + records[2...])
  #expect(scan.findings.map(\.cause) == ["record 3 stands where record 2 should"])
}

@Test func `a new attempt has a file of its own, and equal results count once`() throws {
  let scratch = try Scratch()
  _ = try writeJournal(in: scratch.path)
  let first = try scratch.bytes("rank-00017.1.zst")
  _ = try writeJournal(in: scratch.path)
  _ = try writeJournal(in: scratch.path, rank: 2)
  #expect(
    try scratch.tree() == ["rank-00002.1.zst", "rank-00017.1.zst", "rank-00017.2.zst"])
  #expect(try scratch.bytes("rank-00017.1.zst") == first)
  let all = try JournalReader.readAll(scratch.path, job: job)
  #expect(all.results.count == 3 && all.duplicates == 6 && all.notes.count == 6)
}

@Test func `the records of a unit are the same bytes on any rank and in any attempt`() throws {
  let record = JournalRecord(.result, unit: 3, payload: [1, 2, 3])
  let scratch = try Scratch()
  var tails: Set<[UInt8]> = []
  for (rank, run) in [(0, 1), (0, 2), (5, 1)] {
    var journal = try JournalWriter.open(
      in: scratch.path, job: job, run: try runID(run), rank: rank)
    let start = try size(journal.path)
    try journal.append(record)
    try journal.commit()
    let bytes = try BoundedFile(journal.path, kind: .store).readAll(limit: 1 << 20)
    tails.insert(Array(bytes[start...]))
  }
  #expect(tails.count == 1)
}

@Test func `two results of a unit that differ are refused, with both places`() throws {
  let scratch = try Scratch()
  for (rank, payload) in [(0, [1, 2, 3]), (1, [1, 9, 3])] as [(Int, [UInt8])] {
    var journal = try JournalWriter.open(in: scratch.path, job: job, run: try runID(1), rank: rank)
    try journal.append(JournalRecord(.result, unit: 12, payload: payload))
    try journal.commit()
  }
  let error = refusal { () throws(Refusal) in
    _ = try JournalReader.readAll(scratch.path, job: job)
  }
  let text = try #require(error).description
  #expect(error?.kind == .store)
  for word in ["rank-00001.1.zst", "rank-00000.1.zst", "unit 12", "from byte 1 on"] {
    #expect(text.contains(word), "\(text)")
  }
}

@Test func `a journal of another job is refused, naming both`() throws {
  let scratch = try Scratch()
  _ = try writeJournal(in: scratch.path)
  let other = String(repeating: "cd", count: 32)
  let error = refusal { () throws(Refusal) in
    _ = try JournalReader.readAll(scratch.path, job: other)
  }
  let text = try #require(error).description
  #expect(text.contains(job) && text.contains(other) && text.contains("header.job"))
}

@Test func `records of another job behind a damaged header do not count`() throws {
  let scratch = try Scratch()
  _ = try writeJournal(in: scratch.path)
  var bytes = try scratch.bytes("rank-00017.1.zst")
  bytes[20] ^= 1
  try scratch.put(bytes, "rank-00017.1.zst")
  let all = try JournalReader.readAll(scratch.path, job: String(repeating: "cd", count: 32))
  #expect(all.results.isEmpty && all.findings.count == 6)
}

@Test func `a journal of a later version is refused, with both versions`() throws {
  let scratch = try Scratch()
  let payload = JournalHeader(job: job, run: try runID(1), rank: 0, attempt: 1).record.payload
  let text = String(decoding: payload, as: UTF8.self)
    .replacingOccurrences(of: "\"version\": 1", with: "\"version\": 2")
  let record = JournalRecord(.header, unit: 0, payload: Array(text.utf8))
  try scratch.put(
    try JournalFraming.encode(record, sequence: 0, job: job, by: Zstd.Compressor()),
    "rank-00000.1.zst")
  let error = refusal { () throws(Refusal) in
    _ = try JournalReader.readAll(scratch.path, job: job)
  }
  #expect(error?.found == "version 2" && error?.expected.contains("version 1") == true)
}

@Test func `a journal under another name is said`() throws {
  let scratch = try Scratch()
  let (records, _) = try writeJournal(in: scratch.path)
  try FileManager.default.moveItem(
    atPath: scratch.file("rank-00017.1.zst"), toPath: scratch.file("rank-00018.1.zst"))
  let scan = try JournalScan(scratch.file("rank-00018.1.zst"), job: job)
  #expect(scan.records.count == records.count)
  #expect(scan.findings.map(\.cause) == ["its header says rank 17, attempt 1"])
}

@Test func `other files in the folder are left alone, and a link is no journal`() throws {
  let scratch = try Scratch()
  _ = try writeJournal(in: scratch.path)
  for name in ["notes.txt", "rank-17.1.zst", "rank-00001.0.zst", ".nfs0001", "rank-00001.01.zst"] {
    try scratch.put([1, 2, 3], name)
  }
  #expect(try JournalReader.readAll(scratch.path, job: job).findings.isEmpty)
  try FileManager.default.createSymbolicLink(
    atPath: scratch.file("rank-00019.1.zst"),
    withDestinationPath: scratch.file("rank-00017.1.zst"))
  let error = refusal { () throws(Refusal) in
    _ = try JournalReader.readAll(scratch.path, job: job)
  }
  #expect(error?.found == "a symbolic link")
}

@Test func `a frame size past the file or a payload past the limit is refused`() throws {
  let scratch = try Scratch()
  var header: [UInt8] = [0x57, 0x2A, 0x4D, 0x18, 24, 0, 0, 0] + Array("CWJ1".utf8)
  for value in [0, UInt32.max, 100, 0] { header.append(littleEndian: UInt32(value)) }
  header.append(littleEndian: CRC32C.of(header))
  try scratch.put(header, "rank-00000.1.zst")
  let scan = try JournalScan(scratch.file("rank-00000.1.zst"), job: job)
  #expect(scan.records.isEmpty && scan.findings.map(\.kind) == [.tornTail])
  let large = JournalRecord(
    .result, unit: 1, payload: [UInt8](repeating: 0, count: JournalFraming.payloadLimit + 1))
  var journal = try JournalWriter.open(in: scratch.path, job: job, run: try runID(1), rank: 1)
  do {
    try journal.append(large)
    Issue.record("a payload past the limit was accepted")
  } catch { #expect(error.field == "unit 1") }
}

@Test func `a journal longer than a block is read, and damage in it is passed`() throws {
  let scratch = try Scratch()
  var random = SeededRandom(seed: 3)
  var journal = try JournalWriter.open(in: scratch.path, job: job, run: try runID(1), rank: 0)
  for unit in 0..<6 as Range<UInt64> {
    let payload = (0..<400_000).map { _ in UInt8.random(in: 0...255, using: &random) }
    try journal.append(JournalRecord(.result, unit: unit, payload: payload))
  }
  try journal.commit()
  #expect(try JournalReader.readAll(scratch.path, job: job).results.count == 6)
  var bytes = try scratch.bytes("rank-00000.1.zst")
  for place in 450_000..<1_900_000 { bytes[place] = 1 }
  try scratch.put(bytes, "rank-00000.1.zst")
  let all = try JournalReader.readAll(scratch.path, job: job)
  #expect(all.results.map(\.unit) == [0, 5] && all.findings.allSatisfy { $0.kind == .damage })
}

/// What a survey of a journal tells, in a form to compare.
private func survey(_ path: String) throws -> (records: [JournalRecord], survey: JournalSurvey) {
  var records: [JournalRecord] = []
  let survey = try JournalSurvey(path, job: job) {
    records.append(JournalRecord($0, unit: $1, payload: Array($2)))
  }
  return (records, survey)
}

@Test func `a survey tells what a scan tells of a journal that is cut or flipped anywhere`()
  throws
{
  let scratch = try Scratch()
  _ = try writeJournal(in: scratch.path)
  let name = "rank-00017.1.zst"
  let whole = try scratch.bytes(name)
  func compare(_ bytes: [UInt8], _ what: String) throws {
    try scratch.put(bytes, name)
    let scan = try JournalScan(scratch.file(name), job: job)
    let (records, survey) = try survey(scratch.file(name))
    #expect(records == scan.records.map(\.record), "\(what)")
    #expect(survey.header == scan.header, "\(what)")
    #expect(
      survey.findings.map { [$0.kind == .damage ? 1 : 0, $0.offset, $0.count] }
        == scan.findings.map { [$0.kind == .damage ? 1 : 0, $0.offset, $0.count] }, "\(what)")
  }
  try compare(whole, "whole")
  for count in 0..<whole.count { try compare(Array(whole[..<count]), "cut at \(count)") }
  for place in whole.indices {
    var bytes = whole
    bytes[place] ^= 1 << (place % 8)
    try compare(bytes, "flipped at \(place)")
  }
}

@Test func `a survey reads records larger than its window, and refuses another job's`() throws {
  let scratch = try Scratch()
  var journal = try JournalWriter.open(in: scratch.path, job: job, run: try runID(1), rank: 0)
  var random = SeededRandom(seed: 3)
  let large = (0..<5 << 20).map { _ in UInt8.random(in: 0...255, using: &random) }
  for unit in 0..<3 {
    try journal.append(JournalRecord(.result, unit: UInt64(unit), payload: large))
    try journal.append(JournalRecord(.timing, unit: UInt64(unit), payload: Array("1".utf8)))
  }
  try journal.commit()
  let found = try survey(journal.path)
  #expect(found.records.map(\.unit) == [0, 0, 1, 1, 2, 2])
  #expect(found.records.filter { $0.kind == .result }.allSatisfy { $0.payload == large })
  let other = String(repeating: "0", count: 64)
  #expect(throws: Refusal.self) { try JournalSurvey(journal.path, job: other) { _, _, _ in } }
}
