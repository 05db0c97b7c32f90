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
  /// How often a unit's rank died, as `UnitDeaths` counts.
  let deaths: [Int: Int]

  init(folder: String, digest: String, run: RunID, done: Set<Int>, deaths: [Int: Int]) {
    (self.folder, self.digest, self.run, self.done) = (folder, digest, run, done)
    self.deaths = deaths
  }

  var bytes: [UInt8] {
    var bytes = Array("\(run)\n\(digest)\n\(folder)\0".utf8)
    bytes += Self.encode([done.count] + done.sorted())
    bytes += Self.encode(deaths.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] })
    return bytes
  }

  init(_ bytes: [UInt8]) throws(Refusal) {
    guard let end = bytes.firstIndex(of: 0) else { throw Self.malformed }
    let lines = String(decoding: bytes[..<end], as: UTF8.self)
      .split(separator: "\n", maxSplits: 2).map(String.init)
    let numbers = Self.decode(Array(bytes[(end + 1)...]))
    guard lines.count == 3, let run = RunID(lines[0]), let count = numbers.first,
      (0..<numbers.count).contains(count), (numbers.count - 1 - count).isMultiple(of: 2)
    else { throw Self.malformed }
    let pairs = numbers[(1 + count)...]
    self.init(
      folder: lines[2], digest: lines[1], run: run, done: Set(numbers[1..<1 + count]),
      deaths: Dictionary(
        stride(from: pairs.startIndex, to: pairs.endIndex, by: 2).map {
          (pairs[$0], pairs[$0 + 1])
        }, uniquingKeysWith: max))
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

  init(_ start: RunStart, rank: Int) {
    self.start = start
    self.rank = rank
  }

  /// Takes a unit's result, which counts once `sync` has returned. How long it took stands beside
  /// it, for estimates.
  func keep(_ unit: Int, _ bytes: [UInt8], seconds: Double?) throws(Refusal) {
    try open()
    try writer?.append(JournalRecord(.result, unit: UInt64(unit), payload: bytes))
    if let seconds { try writer?.append(UnitTime(seconds: seconds).record(of: unit)) }
  }

  /// Makes all that was kept durable, with one write and one sync.
  func sync() throws(Refusal) { try writer?.commit() }

  /// Makes a unit's result durable at once.
  func commit(_ unit: Int, _ bytes: [UInt8], seconds: Double?) throws(Refusal) {
    try keep(unit, bytes, seconds: seconds)
    try sync()
  }

  /// Notes that a unit was given up, and why.
  func fail(_ unit: Int, _ reason: String) throws(Refusal) {
    try append([JournalRecord(.failed, unit: UInt64(unit), payload: Array(reason.utf8))])
  }

  /// Makes records durable.
  func append(_ records: [JournalRecord]) throws(Refusal) {
    try open()
    for record in records { try writer?.append(record) }
    try sync()
  }

  private func open() throws(Refusal) {
    guard writer == nil else { return }
    writer = try JournalWriter.open(
      in: start.folder + "/journal", job: start.digest, run: start.run, rank: rank)
  }
}
