internal import Inputs

/// Where the central directory of a zip archive lies, from the records at the archive's end.
struct ZipDirectory {
  static let endBytes = 22
  static let zip64LocatorBytes = 20
  static let zip64EndBytes = 56

  let offset: Int
  let size: Int
  let count: Int

  init(_ file: BoundedFile) throws(Refusal) {
    func refusal(_ field: String, _ found: String, _ expected: String) -> Refusal {
      Refusal(file.kind, file: file.path, field: field, found: found, expected: expected)
    }
    let magic = try file.bytes(at: 0, count: min(file.size, 4))
    guard magic.elementsEqual("PK\u{3}\u{4}".utf8) else {
      throw refusal(
        "", try disguise(of: file) ?? "\(file.size) bytes of no zip",
        "a zip archive, as torch.save has written since torch 1.6")
    }
    guard file.size >= Self.endBytes else {
      throw refusal("", "\(file.size) bytes, truncated", "a whole zip archive")
    }
    let endOffset = file.size - Self.endBytes
    let end = ZipRecord(try file.bytes(at: endOffset, count: Self.endBytes))
    guard end.u32(0) == 0x0605_4B50, end.u16(20) == 0 else {
      throw refusal(
        "", "no end record of a zip archive in the last \(Self.endBytes) bytes (truncated?)",
        "a whole zip archive without a comment")
    }
    guard end.u16(4) == 0, end.u16(6) == 0, end.u16(8) == end.u16(10) else {
      throw refusal("end record", "an archive of several parts", "an archive in one file")
    }

    var directoryEnd = endOffset
    var (count, size, offset) = (UInt64(end.u16(10)), UInt64(end.u32(12)), UInt64(end.u32(16)))
    var isExtended = false
    if let (zip64, zip64Offset) = try Self.zip64End(file, before: endOffset) {
      let agree =
        (end.u16(10) == .max || count == zip64.u64(32))
        && (end.u32(12) == .max || size == zip64.u64(40))
        && (end.u32(16) == .max || offset == zip64.u64(48))
      guard agree, zip64.u32(16) == 0, zip64.u32(20) == 0, zip64.u64(24) == zip64.u64(32) else {
        throw refusal(
          "zip64 end record", "another directory than in the end record", "the same directory")
      }
      (count, size, offset) = (zip64.u64(32), zip64.u64(40), zip64.u64(48))
      directoryEnd = zip64Offset
      isExtended = true
    }
    guard isExtended || (end.u16(10) != .max && end.u32(12) != .max && end.u32(16) != .max) else {
      throw refusal("end record", "no zip64 end record, which it refers to", "one before it")
    }
    guard count <= ZipArchive.entryLimit, size <= ZipArchive.directoryLimit else {
      throw refusal(
        "directory", "\(count) entries in \(size) bytes",
        "at most \(ZipArchive.entryLimit) in \(ZipArchive.directoryLimit) (the limits)")
    }
    guard offset <= UInt64(directoryEnd), UInt64(directoryEnd) - offset == size else {
      throw refusal(
        "directory", "\(size) bytes from \(offset) on", "an end at \(directoryEnd) (truncated?)")
    }
    self.count = Int(count)
    self.size = Int(size)
    self.offset = Int(offset)
  }

  /// The zip64 end record that the locator before the end record points at, if there is one.
  private static func zip64End(
    _ file: BoundedFile, before endOffset: Int
  ) throws(Refusal) -> (record: ZipRecord, offset: Int)? {
    let locatorOffset = endOffset - zip64LocatorBytes
    guard locatorOffset >= zip64EndBytes else { return nil }
    let locator = ZipRecord(try file.bytes(at: locatorOffset, count: zip64LocatorBytes))
    guard locator.u32(0) == 0x0706_4B50 else { return nil }
    let offset = locatorOffset - zip64EndBytes
    let record = ZipRecord(try file.bytes(at: offset, count: zip64EndBytes))
    guard locator.u32(4) == 0, locator.u64(8) == UInt64(offset), locator.u32(16) <= 1,
      record.u32(0) == 0x0606_4B50, record.u64(4) == UInt64(zip64EndBytes - 12)
    else {
      throw Refusal(
        file.kind, file: file.path, field: "zip64 locator", found: "a record that is not there",
        expected: "a zip64 end record of \(zip64EndBytes) bytes right before it")
    }
    return (record, offset)
  }
}
