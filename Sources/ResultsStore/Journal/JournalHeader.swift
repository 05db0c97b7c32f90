package import Inputs

/// The first record of a journal file: which job it belongs to, and who wrote it.
package struct JournalHeader: Sendable, Equatable {
  /// The only version of the format there has been.
  package static let version = 1
  static let format = "causeway-journal"

  /// SHA-256 of the job's canonical form, 64 hexadecimal digits.
  package let job: String
  package let run: RunID
  package let rank: Int
  /// How often this rank has opened a journal in this run folder, from 1.
  package let attempt: Int

  var record: JournalRecord {
    let table: Attribute = [
      "format": .text(Self.format), "version": .integer(Self.version), "job": .text(job),
      "run": .text(run.description), "rank": .integer(rank), "attempt": .integer(attempt),
    ]
    return JournalRecord(.header, unit: 0, payload: Array(table.json.utf8))
  }

  init(job: String, run: RunID, rank: Int, attempt: Int) {
    self.job = job
    self.run = run
    self.rank = rank
    self.attempt = attempt
  }

  /// The header of a journal of any job, by its first record.
  ///
  /// - Throws: `store`, where the file does not begin with a whole header record.
  package static func of(_ file: BoundedFile) throws(Refusal) -> JournalHeader {
    func refusal(_ found: String) -> Refusal {
      Refusal(
        .store, file: file.path, field: "header", found: found, expected: "a journal's first record"
      )
    }
    guard file.size >= JournalFraming.headerSize,
      let frame = JournalFraming.header(try file.bytes(at: 0, count: JournalFraming.headerSize))
    else { throw refusal("no whole record") }
    guard frame.contentSize <= contentLimit, frame.frameSize <= contentLimit else {
      throw refusal("a record of \(frame.contentSize) bytes")
    }
    let (record, digest) = try JournalFraming.record(
      try file.bytes(at: JournalFraming.headerSize, count: frame.frameSize), frame,
      by: try Zstd.Decompressor())
    guard record.kind == .header, digest == JournalFraming.digest(of: record, job: "") else {
      throw refusal("a record of another kind or digest")
    }
    return try JournalHeader(record.payload, file: file.path)
  }

  /// Bytes of a header record, with room.
  private static let contentLimit = 1 << 16

  /// Whether a file begins as journals do.
  package static func begins(_ bytes: [UInt8]) -> Bool {
    bytes.count >= 12 && bytes[8..<12].elementsEqual(JournalFraming.tag)
  }

  /// Reads a header record's payload; a journal of another version is refused.
  init(_ payload: [UInt8], file: String) throws(Refusal) {
    let json = JSONField(
      try JSON.parse(payload, file: file, kind: .store), file: file, path: "header", kind: .store)
    let format = try json["format"]
    guard try format.string() == Self.format else {
      throw format.refusal(format.value.kindName, expected: quoted(Self.format))
    }
    let version = try json["version"]
    guard try version.int() == Self.version else {
      throw version.refusal(
        "version \(try version.int())", expected: "version \(Self.version), the only one read")
    }
    job = try json["job"].string()
    let run = try json["run"]
    guard let id = RunID(try run.string()) else {
      throw run.refusal(run.value.kindName, expected: "16 hexadecimal digits")
    }
    self.run = id
    rank = try json["rank"].int()
    attempt = try json["attempt"].int()
  }
}

/// The name of a journal file: `rank-00017.2.zst` is the second attempt of rank 17.
struct JournalName: Sendable, Equatable {
  let rank: Int
  let attempt: Int

  init(rank: Int, attempt: Int) {
    self.rank = rank
    self.attempt = attempt
  }

  /// Nil unless the name is one that a journal has.
  init?(_ name: String) {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0].hasPrefix("rank-"), parts[2] == "zst",
      let rank = Int(parts[0].dropFirst(5)), let attempt = Int(parts[1]), attempt > 0
    else { return nil }
    self.init(rank: rank, attempt: attempt)
    guard text == name else { return nil }
  }

  var text: String {
    let digits = "\(rank)"
    return "rank-" + String(repeating: "0", count: max(0, 5 - digits.utf8.count)) + digits
      + ".\(attempt).zst"
  }
}
