internal import Inputs

/// One record of a journal: what happened to one unit of work.
package struct JournalRecord: Sendable, Equatable {
  /// What a record says about its unit.
  package enum Kind: UInt8, Sendable, CaseIterable {
    /// The first record of each file: who writes it, and for which job.
    case header = 0
    /// A unit's result. Its payload depends on the job and the unit alone, never on rank, time or
    /// host, so two results of one unit are equal byte for byte.
    case result = 1
    /// A rank died while it computed the unit; the payload says, as text, in which start and which
    /// rank. Recorded by the next start: a unit that takes its rank with it is given up in the end.
    case died = 2
    /// A unit that was given up, with the reason as text.
    case failed = 3
    /// How long a unit took, for estimates. May differ between attempts.
    case timing = 4
  }

  package let kind: Kind
  package let unit: UInt64
  package let payload: [UInt8]

  package init(_ kind: Kind, unit: UInt64, payload: [UInt8]) {
    self.kind = kind
    self.unit = unit
    self.payload = payload
  }
}

/// How a record lies in its file: a frame header, then one zstd frame.
///
/// The header is a skippable frame of 32 bytes, so a journal is a file that `zstd -d` reads:
///
///     0   57 2A 4D 18              magic number of a skippable frame
///     4   24                       its size
///     8   "CWJ1"                   what finds the next record behind damage
///     12  sequence number          of the record in its file, from 0
///     16  bytes of the zstd frame
///     20  bytes of its content
///     24  CRC-32C of the zstd frame
///     28  CRC-32C of the bytes 0 to 27
///
/// and the content: kind (1 byte), unit (8), SHA-256 over job, kind, unit and payload (32), payload.
/// All integers are little-endian. The CRCs cover every byte of the file: zstd ignores some bits.
enum JournalFraming {
  static let headerSize = 32
  static let prefixSize = 1 + 8 + 32
  /// The largest payload of one record, in bytes.
  static let payloadLimit = 64 << 20
  static let tag = Array("CWJ1".utf8)
  private static let magic: UInt32 = 0x184D_2A57

  /// What a frame header says.
  struct Header: Sendable, Equatable {
    let sequence: UInt32
    let frameSize: Int
    let contentSize: Int
    let checksum: UInt32
  }

  /// The bytes of a record in a journal of that job.
  static func encode(
    _ record: JournalRecord, sequence: UInt32, job: String, by context: borrowing Zstd.Compressor
  ) throws(Refusal) -> [UInt8] {
    guard record.payload.count <= payloadLimit else {
      throw Refusal(
        .store, field: "unit \(record.unit)", found: "a payload of \(record.payload.count) bytes",
        expected: "at most \(payloadLimit) bytes (the limit)")
    }
    var content: [UInt8] = [record.kind.rawValue]
    content.append(littleEndian: record.unit)
    content += digest(of: record, job: job)
    content += record.payload
    let frame = try Zstd.compress(content, by: context)
    var bytes: [UInt8] = []
    bytes.append(littleEndian: magic)
    bytes.append(littleEndian: UInt32(headerSize - 8))
    bytes += tag
    bytes.append(littleEndian: sequence)
    bytes.append(littleEndian: UInt32(frame.count))
    bytes.append(littleEndian: UInt32(content.count))
    bytes.append(littleEndian: CRC32C.of(frame))
    bytes.append(littleEndian: CRC32C.of(bytes))
    return bytes + frame
  }

  /// The frame header in 32 bytes; nil if they are not one, or are damaged.
  static func header(_ bytes: [UInt8]) -> Header? {
    guard bytes.count == headerSize, bytes.littleEndian(UInt32.self, at: 0) == magic,
      bytes.littleEndian(UInt32.self, at: 4) == UInt32(headerSize - 8),
      bytes[8..<12].elementsEqual(tag),
      bytes.littleEndian(UInt32.self, at: 28) == CRC32C.of(bytes[..<28])
    else { return nil }
    let contentSize = Int(bytes.littleEndian(UInt32.self, at: 20))
    guard (prefixSize...prefixSize + payloadLimit).contains(contentSize) else { return nil }
    return Header(
      sequence: bytes.littleEndian(UInt32.self, at: 12),
      frameSize: Int(bytes.littleEndian(UInt32.self, at: 16)), contentSize: contentSize,
      checksum: bytes.littleEndian(UInt32.self, at: 24))
  }

  /// The record in a zstd frame whose header was good, with the digest that it carries.
  static func record(
    _ frame: [UInt8], _ header: Header, by context: borrowing Zstd.Decompressor
  ) throws(Refusal) -> (record: JournalRecord, digest: [UInt8]) {
    guard CRC32C.of(frame) == header.checksum else {
      throw Refusal(
        .store, field: "record", found: "another CRC-32C", expected: "the record's checksum")
    }
    let content = try Zstd.decompress(frame, to: .exactly(header.contentSize), by: context)
    guard let kind = JournalRecord.Kind(rawValue: content[0]) else {
      throw Refusal(
        .store, field: "record", found: "a record of kind \(content[0])",
        expected: "a kind from 0 to \(JournalRecord.Kind.allCases.count - 1)")
    }
    let unit = content.littleEndian(UInt64.self, at: 1)
    let record = JournalRecord(kind, unit: unit, payload: Array(content[prefixSize...]))
    return (record, Array(content[9..<prefixSize]))
  }

  /// SHA-256 of what a record says and of the job it says it about. The header record, which names
  /// the job, is digested without one.
  static func digest(of record: JournalRecord, job: String) -> [UInt8] {
    var prefix = Array("causeway journal 1\n\(record.kind == .header ? "" : job)\n".utf8)
    prefix.append(record.kind.rawValue)
    prefix.append(littleEndian: record.unit)
    var digest = Digest()
    prefix.withUnsafeBytes { digest.update($0) }
    record.payload.withUnsafeBytes { digest.update($0) }
    return digest.bytes()
  }
}
