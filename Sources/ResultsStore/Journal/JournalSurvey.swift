internal import CZstd
package import Inputs

/// A journal read for its tidings alone, ten times as fast as a `JournalScan`: for a million units
/// while one waits.
///
/// Checksums of headers and frames are checked, the SHA-256 of records is not; from the first
/// record on that is not as it should be, the rest of the file is scanned in full.
package struct JournalSurvey: Sendable {
  /// Nil where the header record is damaged or was never written.
  package private(set) var header: JournalHeader?
  package private(set) var findings: [JournalFinding] = []

  private static let windowSize = 4 << 20

  /// Reads a journal of a job; records go to `take` in the order of the file, their payloads
  /// for the time of the call.
  ///
  /// - Throws: Where the file cannot be read, or is whole but of another job or version.
  package init(
    _ path: String, job: String,
    take: (JournalRecord.Kind, UInt64, UnsafeRawBufferPointer) -> Void
  ) throws(Refusal) {
    guard try FileKind.of(path) == .regular else {
      throw Refusal(
        .store, file: path, found: try FileKind.of(path).name, expected: "a journal")
    }
    let file = try BoundedFile(path, kind: .store)
    let context = try Zstd.Decompressor()
    var content = [UInt8](repeating: 0, count: 4096)
    var (at, expected, wanted) = (0, UInt32(0), Self.windowSize)
    while at < file.size {
      let window = try file.bytes(at: at, count: min(wanted, file.size - at))
      var place = 0
      var end = Walk.needsMore(window.count + 1)
      while case .needsMore = end, place < window.count {
        let step = Self.step(window, place, sequence: expected, &content, context)
        guard case .record(let kind, let unit, let size, let length) = step else {
          end = step
          break
        }
        if kind == .header {
          guard at + place == 0 else {
            end = .odd
            break
          }
          header = try JournalHeader(Array(content[JournalFraming.prefixSize..<size]), file: path)
          guard header?.job == job else {
            throw Refusal(
              .store, file: path, field: "header.job",
              found: "the job "
                + quoted(header?.job ?? ""), expected: "this run's job, \(job)")
          }
        } else {
          content.withUnsafeBytes {
            take(
              kind, unit,
              UnsafeRawBufferPointer(rebasing: $0[JournalFraming.prefixSize..<size]))
          }
        }
        expected &+= 1
        place += length
      }
      at += place
      if case .odd = end {
        try scan(path, from: at, job: job, take)
        return
      }
      guard at < file.size else { break }
      if case .needsMore(let bytes) = end, place < window.count {
        guard bytes <= file.size - at else {
          findings.append(
            JournalFinding(
              kind: .tornTail, file: path, offset: at, count: file.size - at,
              cause: "\(file.size - at) bytes of a record of \(bytes)"))
          return
        }
        wanted = max(Self.windowSize, bytes)
      }
    }
    if header == nil, file.size > 0, findings.isEmpty {
      try scan(path, from: file.size, job: job, take)
    }
  }

  private enum Walk {
    /// A good record: its content's size, and its length in the file.
    case record(JournalRecord.Kind, unit: UInt64, size: Int, length: Int)
    /// A record of so many bytes, which the window does not hold.
    case needsMore(Int)
    case odd
  }

  /// One record of a window, its content unpacked.
  private static func step(
    _ window: [UInt8], _ place: Int, sequence: UInt32, _ content: inout [UInt8],
    _ context: borrowing Zstd.Decompressor
  ) -> Walk {
    let left = window.count - place
    guard left >= JournalFraming.headerSize else { return .needsMore(JournalFraming.headerSize) }
    return window.withUnsafeBytes { bytes in
      let head = UnsafeRawBufferPointer(
        rebasing: bytes[place..<place + JournalFraming.headerSize])
      func integer(_ offset: Int) -> UInt32 {
        UInt32(littleEndian: head.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
      }
      guard JournalFraming.isHeader(head), integer(12) == sequence else { return .odd }
      let (frameSize, size) = (Int(integer(16)), Int(integer(20)))
      let limit = JournalFraming.prefixSize + JournalFraming.payloadLimit
      guard (JournalFraming.prefixSize...limit).contains(size), frameSize <= 2 * limit else {
        return .odd
      }
      let length = JournalFraming.headerSize + frameSize
      guard length <= left else { return .needsMore(length) }
      let frame = UnsafeRawBufferPointer(
        rebasing: bytes[place + JournalFraming.headerSize..<place + length])
      guard CRC32C.of(frame) == integer(24) else { return .odd }
      if content.count < size { content = [UInt8](repeating: 0, count: size) }
      return content.withUnsafeMutableBytes { content in
        let got = ZSTD_decompressDCtx(
          context.handle, content.baseAddress, size, frame.baseAddress, frame.count)
        guard got == size, let kind = JournalRecord.Kind(rawValue: content[0]) else { return .odd }
        let unit = UInt64(littleEndian: content.loadUnaligned(fromByteOffset: 1, as: UInt64.self))
        return .record(kind, unit: unit, size: size, length: length)
      }
    }
  }

  /// Reads the whole file the slow way, and takes what comes from an offset on.
  private mutating func scan(
    _ path: String, from offset: Int, job: String,
    _ take: (JournalRecord.Kind, UInt64, UnsafeRawBufferPointer) -> Void
  ) throws(Refusal) {
    let scan = try JournalScan(path, job: job)
    header = scan.header
    findings = scan.findings
    for (record, place) in scan.records where place >= offset {
      record.payload.withUnsafeBytes { take(record.kind, record.unit, $0) }
    }
  }
}
