internal import Inputs

/// A stored entry of a zip archive: where its bytes lie and what their CRC-32 is.
struct ZipEntry: Sendable {
  let name: String
  /// Bytes from the start of the archive to the first of the data.
  let offset: Int
  let size: Int
  let crc: UInt32
}

/// The entries of an archive as `torch.save` writes it: stored, in one folder, never overlapping.
///
/// Of the zip format (APPNOTE.TXT 6.3) exactly that is read: one disk, no comment, no encryption,
/// no compression. zip64 records may be there, as torch always writes them, and must agree with
/// what they extend. Nothing is unpacked to disk.
struct ZipArchive: Sendable {
  /// Entries that an archive may have: a checkpoint has one a tensor.
  static let entryLimit = 1 << 17
  /// Bytes that the central directory may have.
  static let directoryLimit = 16 << 20

  /// The folder that all entries are in, with its slash.
  let folder: String
  private let entries: [ByteKey: ZipEntry]
  private let file: BoundedFile

  /// Reads the directory and the header of every entry, but no entry.
  init(_ file: BoundedFile) throws(Refusal) {
    self.file = file
    let directory = try ZipDirectory(file)
    var entries: [ByteKey: ZipEntry] = [:]
    var covered = 0
    for (header, entry) in try directory.entries(of: file) {
      func refusal(_ found: String, _ expected: String) -> Refusal {
        Refusal(file.kind, file: file.path, field: entry.name, found: found, expected: expected)
      }
      guard Self.isPlain(entry.name) else {
        throw refusal("an entry of that name", "a relative path without . and ..")
      }
      guard header >= covered else {
        throw refusal("an entry that overlaps the one before it", "entries side by side")
      }
      covered = entry.offset + entry.size
      guard entries.updateValue(entry, forKey: ByteKey(entry.name)) == nil else {
        throw refusal("a duplicate entry", "each name once in an archive")
      }
    }
    self.entries = entries

    let main = entries.values.filter {
      $0.name.hasSuffix("/data.pkl") && $0.name.split(separator: "/").count == 2
    }
    guard let pickle = main.first, main.count == 1 else {
      throw Refusal(
        file.kind, file: file.path, found: "an archive with \(main.count) entries FOLDER/data.pkl",
        expected: "one data.pkl, as in an archive of torch.save")
    }
    let folder = String(pickle.name.dropLast("data.pkl".count))
    self.folder = folder
    if let stranger = entries.values.first(where: { !$0.name.utf8.starts(with: folder.utf8) }) {
      throw Refusal(
        file.kind, file: file.path, field: stranger.name, found: "an entry outside \(folder)",
        expected: "all entries in the folder of data.pkl")
    }
  }

  /// The entry of that name in the archive's folder.
  subscript(name: String) -> ZipEntry? { entries[ByteKey(folder + name)] }

  /// The bytes of an entry of at most `limit` bytes, once their CRC-32 is found right.
  func contents(of entry: ZipEntry, limit: Int) throws(Refusal) -> [UInt8] {
    guard entry.size <= limit else {
      throw Refusal(
        file.kind, file: file.path, field: entry.name, found: "\(entry.size) bytes",
        expected: "at most \(limit) bytes (the limit)")
    }
    let bytes = try file.bytes(at: entry.offset, count: entry.size)
    try check(CRC32.of(bytes), of: entry)
    return bytes
  }

  /// Reads an entry, in pieces, to see whether its CRC-32 is what the directory says.
  func verify(_ entry: ZipEntry) throws(Refusal) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(
      byteCount: min(entry.size, 1 << 20), alignment: 64)
    defer { buffer.deallocate() }
    var crc = CRC32()
    var done = 0
    while done < entry.size {
      let piece = UnsafeMutableRawBufferPointer(
        rebasing: buffer[..<min(buffer.count, entry.size - done)])
      try file.read(into: piece, at: entry.offset + done)
      crc.update(UnsafeRawBufferPointer(piece))
      done += piece.count
    }
    try check(crc.value, of: entry)
  }

  private func check(_ crc: UInt32, of entry: ZipEntry) throws(Refusal) {
    guard crc == entry.crc else {
      throw Refusal(
        file.kind, file: file.path, field: entry.name,
        found: "bytes with the CRC-32 \(CRC32.text(crc)) (damaged)",
        expected: "\(CRC32.text(entry.crc)), as in the archive's directory")
    }
  }

  /// Whether a name stays in the folder where it is put, on any system.
  private static func isPlain(_ name: String) -> Bool {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    let isSafe = name.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\\") }
    return isSafe && parts.allSatisfy { !["", ".", ".."].contains($0) }
  }
}
