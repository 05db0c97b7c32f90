internal import Foundation
internal import Inputs
internal import ResultsStore

/// What every rank must know of the run folder before it works: where it is, whose run this is, and
/// which units are done.
struct RunStart: Sendable {
  let folder: String
  /// SHA-256 of the run's specification, which every journal carries.
  let digest: String
  let run: RunID
  let done: Set<Int>

  init(folder: String, digest: String, run: RunID, done: Set<Int>) {
    (self.folder, self.digest, self.run, self.done) = (folder, digest, run, done)
  }

  var bytes: [UInt8] {
    var bytes = Array("\(run)\n\(digest)\n\(folder)\0".utf8)
    bytes += Self.encode(done.sorted())
    return bytes
  }

  init(_ bytes: [UInt8]) throws(Refusal) {
    guard let end = bytes.firstIndex(of: 0) else { throw Self.malformed }
    let lines = String(decoding: bytes[..<end], as: UTF8.self)
      .split(separator: "\n", maxSplits: 2).map(String.init)
    guard lines.count == 3, let run = RunID(lines[0]) else { throw Self.malformed }
    self.init(
      folder: lines[2], digest: lines[1], run: run,
      done: Set(Self.decode(Array(bytes[(end + 1)...]))))
  }

  private static var malformed: Refusal {
    Refusal(.cluster, found: "a start message that cannot be read", expected: "rank 0's own")
  }

  /// Integers as eight little-endian bytes each.
  static func encode(_ values: some Sequence<Int>) -> [UInt8] {
    values.flatMap { value in withUnsafeBytes(of: value.littleEndian) { Array($0) } }
  }

  static func decode(_ bytes: [UInt8]) -> [Int] {
    stride(from: 0, to: bytes.count - 7, by: 8).map { start in
      (0..<8).reduce(0) { $0 | Int(bytes[start + $1]) << (8 * $1) }
    }
  }
}

/// A rank's own journal of this attempt, opened with its first record.
final class RankJournal {
  private let start: RunStart
  private let rank: Int
  private var writer: JournalWriter?

  init(_ start: RunStart, rank: Int) throws(Refusal) {
    self.start = start
    self.rank = rank
  }

  /// Makes a unit's result durable; it counts once this returns. How long it took stands beside
  /// it, for estimates.
  func commit(_ unit: Int, _ bytes: [UInt8], seconds: Double?) throws(Refusal) {
    let result = JournalRecord(.result, unit: UInt64(unit), payload: bytes)
    let timing = seconds.map { UnitTime(seconds: $0).record(of: unit) }
    try append([result] + (timing.map { [$0] } ?? []))
  }

  /// Notes that a unit was given up, and why.
  func fail(_ unit: Int, _ reason: String) throws(Refusal) {
    try append([JournalRecord(.failed, unit: UInt64(unit), payload: Array(reason.utf8))])
  }

  private func append(_ records: [JournalRecord]) throws(Refusal) {
    if writer == nil {
      writer = try JournalWriter.open(
        in: start.folder + "/journal", job: start.digest, run: start.run, rank: rank)
    }
    for record in records { try writer?.append(record) }
    try writer?.commit()
  }
}
