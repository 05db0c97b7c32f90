package import Inputs

/// Something a journal holds besides good records.
package struct JournalFinding: Sendable, Equatable, CustomStringConvertible {
  package enum Kind: Sendable, Equatable {
    /// What a kill or a power cut leaves: bytes at the end that are no whole record. They never
    /// counted.
    case tornTail
    /// Damage with good records behind it, or to bytes that were whole once.
    case damage
  }

  package let kind: Kind
  package let file: String
  /// Where in the file the bytes begin, and how many there are until the next good record.
  package let offset: Int
  package let count: Int
  package let cause: String

  package var description: String {
    switch kind {
    case .tornTail:
      "\(escaped(file)): dropped \(count) bytes from \(offset) on, a record torn by a kill: \(cause)"
    case .damage: "\(escaped(file)): damaged, \(count) bytes from \(offset) on: \(cause)"
    }
  }
}

/// One journal file, read to its end whatever it holds.
package struct JournalScan: Sendable {
  package let file: String
  /// Nil where the header record is damaged or was never written.
  package private(set) var header: JournalHeader?
  /// The good records, in the order of the file, with the offset of each.
  package private(set) var records: [(record: JournalRecord, offset: Int)] = []
  package private(set) var findings: [JournalFinding] = []

  /// Reads a journal of a job.
  ///
  /// - Throws: Where the file cannot be read, or is whole but of another job or version.
  package init(_ path: String, job: String) throws(Refusal) {
    file = path
    guard try FileKind.of(path) == .regular else {
      throw Refusal(
        .store, file: path, found: try FileKind.of(path).name, expected: "a journal")
    }
    let context = try Zstd.Decompressor()
    var bytes = JournalBytes(try BoundedFile(path, kind: .store))
    var at = 0
    var expected: UInt32 = 0
    while at < bytes.size {
      switch try read(&bytes, at: at, job: job, by: context) {
      case .record(let record, let sequence, let end):
        try take(record, sequence: sequence, expected: expected, at: at, job: job)
        expected = sequence &+ 1
        at = end
      case .bad(let cause, let isCut):
        let next = try bytes.nextRecord(after: at)
        // A power cut may leave any sectors of the last write unwritten.
        var isTorn = isCut && next == nil
        if !isCut, next == nil { isTorn = try bytes.hasUnwrittenSector(from: at) }
        let kind: JournalFinding.Kind = isTorn ? .tornTail : .damage
        let end = next?.offset ?? bytes.size
        note(kind, at, end - at, cause)
        expected = next?.sequence ?? expected
        at = end
      }
    }
    checkName()
  }

  private enum Step {
    case record(JournalRecord, sequence: UInt32, end: Int)
    /// `isCut` where the bytes are what an interrupted write leaves.
    case bad(String, isCut: Bool)
  }

  private func read(
    _ bytes: inout JournalBytes, at offset: Int, job: String,
    by context: borrowing Zstd.Decompressor
  ) throws(Refusal) -> Step {
    let left = bytes.size - offset
    guard left >= JournalFraming.headerSize else {
      return .bad("\(left) bytes are left, fewer than a record's header", isCut: true)
    }
    guard let header = JournalFraming.header(try bytes.at(offset, JournalFraming.headerSize)) else {
      let isZero = try bytes.isZero(from: offset)
      return .bad(isZero ? "zero bytes to the end" : "not a record's header", isCut: isZero)
    }
    let start = offset + JournalFraming.headerSize
    guard header.frameSize <= bytes.size - start else {
      return .bad(
        "\(bytes.size - start) bytes of a record of \(header.frameSize)", isCut: true)
    }
    do throws(Refusal) {
      let frame = try bytes.at(start, header.frameSize)
      let (record, digest) = try JournalFraming.record(frame, header, by: context)
      guard digest == JournalFraming.digest(of: record, job: job) else {
        return .bad("the digest of the record does not fit this job", isCut: false)
      }
      return .record(record, sequence: header.sequence, end: start + header.frameSize)
    } catch {
      return .bad("\(error.field): \(error.found)", isCut: false)
    }
  }

  private mutating func take(
    _ record: JournalRecord, sequence: UInt32, expected: UInt32, at offset: Int, job: String
  ) throws(Refusal) {
    if sequence != expected {
      note(.damage, offset, 0, "record \(sequence) stands where record \(expected) should")
    }
    guard record.kind == .header else { return records.append((record, offset)) }
    guard header == nil, offset == 0 else {
      return note(.damage, offset, 0, "a second header record")
    }
    let found = try JournalHeader(record.payload, file: file)
    guard found.job == job else {
      throw Refusal(
        .store, file: file, field: "header.job", found: "the job \(quoted(found.job))",
        expected: "this run's job, \(job)")
    }
    header = found
  }

  /// A renamed journal is damage to say, though its records speak for themselves.
  private mutating func checkName() {
    let name = file.split(separator: "/").last.map(String.init) ?? file
    if let header, JournalName(name) != JournalName(rank: header.rank, attempt: header.attempt) {
      note(
        .damage, 0, 0, "its header says rank \(header.rank), attempt \(header.attempt)")
    }
    if header == nil, !records.isEmpty, findings.isEmpty { note(.damage, 0, 0, "no header record") }
  }

  private mutating func note(
    _ kind: JournalFinding.Kind, _ offset: Int, _ count: Int, _ cause: String
  ) {
    findings.append(
      JournalFinding(kind: kind, file: file, offset: offset, count: count, cause: cause))
  }
}
