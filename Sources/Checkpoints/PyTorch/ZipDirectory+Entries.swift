internal import Inputs

/// A record of a zip archive, read by byte offset; callers have checked its length.
struct ZipRecord {
  let bytes: ArraySlice<UInt8>

  init(_ bytes: some RandomAccessCollection<UInt8>) { self.bytes = ArraySlice(bytes) }

  private func load<T: FixedWidthInteger & UnsignedInteger>(_ offset: Int, _: T.Type) -> T {
    let start = bytes.startIndex + offset
    return bytes[start..<(start + MemoryLayout<T>.size)].reversed().reduce(0) { $0 << 8 | T($1) }
  }

  func u16(_ offset: Int) -> UInt16 { load(offset, UInt16.self) }
  func u32(_ offset: Int) -> UInt32 { load(offset, UInt32.self) }
  func u64(_ offset: Int) -> UInt64 { load(offset, UInt64.self) }
}

extension ZipDirectory {
  private static let headerBytes = 46
  private static let localHeaderBytes = 30

  /// The entries in the order of their data, each with the offset of its local header.
  func entries(of file: BoundedFile) throws(Refusal) -> [(header: Int, entry: ZipEntry)] {
    let bytes = try file.bytes(at: offset, count: size)
    var result: [(header: Int, entry: ZipEntry)] = []
    var compressed: (name: String, header: ZipRecord)?
    var at = 0
    for number in 0..<count {
      func refusal(_ found: String, _ expected: String) -> Refusal {
        Refusal(
          file.kind, file: file.path, field: "directory entry \(number)", found: found,
          expected: expected)
      }
      guard bytes.count - at >= Self.headerBytes else {
        throw refusal("\(bytes.count - at) bytes (truncated)", "\(Self.headerBytes) bytes")
      }
      let header = ZipRecord(bytes[at..<(at + Self.headerBytes)])
      let nameEnd = at + Self.headerBytes + Int(header.u16(28))
      let extraEnd = nameEnd + Int(header.u16(30))
      let end = extraEnd + Int(header.u16(32))
      guard header.u32(0) == 0x0201_4B50, end <= bytes.count else {
        throw refusal("no entry, or one cut short", "an entry of a zip directory")
      }
      let nameBytes = bytes[(at + Self.headerBytes)..<nameEnd]
      guard let name = String(validating: nameBytes, as: UTF8.self) else {
        throw refusal("a name that is not UTF-8", "a name in UTF-8")
      }
      if header.u16(10) == 0 {
        result.append(try entry(name, header, extra: bytes[nameEnd..<extraEnd], of: file))
      } else if compressed.map({ $0.header.u32(24) < header.u32(24) }) ?? true {
        compressed = (name, header)
      }
      at = end
    }
    guard at == bytes.count else {
      throw Refusal(
        file.kind, file: file.path, field: "directory", found: "\(bytes.count - at) bytes too many",
        expected: "\(count) entries and no more")
    }
    if let (name, header) = compressed {
      throw Refusal(
        file.kind, file: file.path, field: name,
        found:
          "\(header.u32(24)) bytes compressed to \(header.u32(20)) by method \(header.u16(10))",
        expected: "stored entries, not deflated, as torch.save writes them")
    }
    return result.sorted { ($0.header, $0.entry.offset) < ($1.header, $1.entry.offset) }
  }

  /// One entry, whose local header must agree with that of the directory.
  private func entry(
    _ name: String, _ header: ZipRecord, extra: ArraySlice<UInt8>, of file: BoundedFile
  ) throws(Refusal) -> (header: Int, entry: ZipEntry) {
    func refusal(_ found: String, _ expected: String) -> Refusal {
      Refusal(file.kind, file: file.path, field: name, found: found, expected: expected)
    }
    guard header.u16(8) & 1 == 0 else { throw refusal("an encrypted entry", "a stored one") }
    var sizes = [UInt64(header.u32(24)), UInt64(header.u32(20)), UInt64(header.u32(42))]
    let isExtended = sizes.map { $0 == UInt32.max }
    if isExtended.contains(true) {
      guard let field = Self.zip64Field(of: extra),
        field.count >= 8 * isExtended.count(where: \.self)
      else { throw refusal("no zip64 field, which it refers to", "one in its extra field") }
      let record = ZipRecord(field)
      var at = 0
      for i in sizes.indices where isExtended[i] {
        sizes[i] = record.u64(at)
        at += 8
      }
    }
    guard sizes[0] == sizes[1] else {
      throw refusal("\(sizes[1]) bytes stored of \(sizes[0])", "as many, not compressed")
    }
    guard header.u16(34) == 0, sizes[2] <= UInt64(offset),
      UInt64(offset) - sizes[2] >= UInt64(Self.localHeaderBytes)
    else {
      throw refusal("a header at \(sizes[2])", "one before the directory, at \(offset)")
    }

    let start = Int(sizes[2])
    let nameCount = name.utf8.count
    guard nameCount <= offset - start - Self.localHeaderBytes else {
      throw refusal("a header that ends past \(offset)", "one before the directory")
    }
    let bytes = try file.bytes(at: start, count: Self.localHeaderBytes + nameCount)
    let local = ZipRecord(bytes)
    // With flag 8 CRC and sizes stand after the data instead, and are zero here.
    let isDeferred = local.u16(6) & 8 != 0
    let agrees =
      local.u32(0) == 0x0403_4B50 && local.u16(8) == 0 && local.u16(6) & 1 == 0
      && Int(local.u16(26)) == nameCount
      && bytes[Self.localHeaderBytes...].elementsEqual(name.utf8)
      && Self.agree(local.u32(14), header.u32(16), isDeferred)
      && Self.agree(local.u32(18), header.u32(20), isDeferred)
      && Self.agree(local.u32(22), header.u32(24), isDeferred)
    guard agrees else {
      throw refusal("another header before its data", "the directory's")
    }
    let dataStart = start + Self.localHeaderBytes + nameCount + Int(local.u16(28))
    guard dataStart <= offset, sizes[0] <= UInt64(offset - dataStart) else {
      throw refusal(
        "\(sizes[0]) bytes from \(dataStart) on",
        "data that ends before the directory, at \(offset)")
    }
    return (
      start, ZipEntry(name: name, offset: dataStart, size: Int(sizes[0]), crc: header.u32(16))
    )
  }

  private static func agree(_ local: UInt32, _ central: UInt32, _ isDeferred: Bool) -> Bool {
    local == central || isDeferred && (local == 0 || local == .max)
  }

  /// The zip64 field among an entry's extra fields.
  private static func zip64Field(of extra: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    var rest = extra
    while rest.count >= 4 {
      let record = ZipRecord(rest)
      let (id, length) = (record.u16(0), Int(record.u16(2)))
      rest = rest.dropFirst(4)
      guard length <= rest.count else { return nil }
      if id == 1 { return rest.prefix(length) }
      rest = rest.dropFirst(length)
    }
    return nil
  }
}
