internal import Inputs

/// Writes a zip archive as `torch.save` does: stored entries, each one's data at a multiple of 64,
/// CRC and sizes after the data, zip64 records at the end. Times are left zero.
struct ZipWriter: ~Copyable {
  private static let alignment = 64
  private static let namesInUTF8: UInt16 = 0x0800
  private static let sizesAfterData: UInt16 = 0x0008

  private var output: AtomicFile
  private let path: String
  private var offset = 0
  private var directory: [UInt8] = []
  private var count = 0

  init(_ path: String) throws(Refusal) {
    output = try AtomicFile(path)
    self.path = path
  }

  /// Adds an entry with the values as they lie in memory, and returns their CRC-32.
  @discardableResult
  mutating func add(_ name: String, _ values: [some BitwiseCopyable]) throws(Refusal) -> UInt32 {
    let size = values.withUnsafeBytes { $0.count }
    let unpadded = offset + 30 + name.utf8.count + 4
    let padding = (Self.alignment - unpadded % Self.alignment) % Self.alignment
    // Without data there is nothing to say after it.
    let flags = Self.namesInUTF8 | (size == 0 ? 0 : Self.sizesAfterData)
    let end = unpadded + padding + size + (size == 0 ? 0 : 16)
    // Past this the records need their zip64 forms.
    guard let size = UInt32(exactly: size), let start = UInt32(exactly: offset), end <= UInt32.max
    else {
      throw Refusal(
        .store, file: path, field: name, found: "an archive of more than \(end) bytes",
        expected: "at most \(UInt32.max) bytes")
    }
    let crc = CRC32.of(values)

    var header: [UInt8] = []
    header.append(UInt32(0x0403_4B50))
    header.append(UInt16(0))
    header.append(flags)
    header.append(contentsOf: [UInt8](repeating: 0, count: 18))
    header.append(UInt16(name.utf8.count))
    header.append(UInt16(padding + 4))
    header += name.utf8
    header += "FB".utf8
    header.append(UInt16(padding))
    header += [UInt8](repeating: UInt8(ascii: "Z"), count: padding)
    try output.write(header)
    try output.write(values)
    if size > 0 { try output.write([0x0807_4B50, crc, size, size].map(\.littleEndian)) }

    directory.append(UInt32(0x0201_4B50))
    directory.append(UInt32(0))
    directory.append(flags)
    directory.append(contentsOf: [UInt8](repeating: 0, count: 6))
    for word in [crc, size, size] { directory.append(word) }
    directory.append(UInt16(name.utf8.count))
    directory.append(contentsOf: [UInt8](repeating: 0, count: 12))
    directory.append(start)
    directory += name.utf8
    offset = end
    count += 1
    return crc
  }

  /// Writes the directory and gives the file its name.
  consuming func commit() throws(Refusal) {
    let start = offset
    var end = directory
    end.append(UInt32(0x0606_4B50))
    end.append(UInt64(ZipDirectory.zip64EndBytes - 12))
    end.append(UInt16(0x031E))
    end.append(UInt16(0x2D))
    end.append(UInt64(0))
    for word in [count, count, directory.count, start] { end.append(UInt64(word)) }
    end.append(UInt32(0x0706_4B50))
    end.append(UInt32(0))
    end.append(UInt64(start + directory.count))
    end.append(UInt32(1))
    end.append(UInt32(0x0605_4B50))
    end.append(UInt32(0))
    for _ in 0..<2 { end.append(UInt16(clamping: count)) }
    end.append(UInt32(clamping: directory.count))
    end.append(UInt32(clamping: start))
    end.append(UInt16(0))
    try output.write(end)
    try output.commit()
  }
}

extension [UInt8] {
  /// Appends the bytes of a word, little-endian.
  fileprivate mutating func append(_ word: some FixedWidthInteger) {
    self += Swift.withUnsafeBytes(of: word.littleEndian) { Array($0) }
  }
}
