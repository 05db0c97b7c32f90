/// Writes pickles instruction by instruction, right or wrong ones.
package struct Pickle {
  package private(set) var bytes: [UInt8]

  package init(proto: UInt8 = 2) { bytes = [0x80, proto] }

  package func raw(_ text: String) -> Pickle { raw(Array(text.utf8)) }

  package func raw(_ more: [UInt8]) -> Pickle {
    var copy = self
    copy.bytes += more
    return copy
  }

  package func global(_ module: String, _ name: String) -> Pickle { raw("c\(module)\n\(name)\n") }

  package func string(_ text: String) -> Pickle {
    raw("X").raw(littleEndian(UInt32(text.utf8.count))).raw(text)
  }

  package func integer(_ value: Int) -> Pickle {
    if let byte = UInt8(exactly: value) { return raw("K").raw([byte]) }
    if let int = Int32(exactly: value) { return raw("J").raw(littleEndian(int)) }
    return raw([0x8A, 8]).raw(littleEndian(value))
  }

  package func integers(_ values: [Int]) -> Pickle {
    values.reduce(raw("(")) { $0.integer($1) }.raw("t")
  }

  package func orderedDictionary() -> Pickle { global("collections", "OrderedDict").raw(")R") }

  /// A tensor as `torch.save` writes it; the last argument is the seventh, which is optional.
  package func tensor(
    shape: [Int], strides: [Int], offset: Int = 0, key: String = "0", count: Int = 8,
    storage: String = "FloatStorage", extra: (Pickle) -> Pickle = { $0 }
  ) -> Pickle {
    let start = global("torch._utils", "_rebuild_tensor_v2").raw("((").string("storage")
    let stored = start.global("torch", storage).string(key).string("cuda:0").integer(count)
    let view = stored.raw("tQ").integer(offset).integers(shape).integers(strides).raw([0x89])
    return extra(view.orderedDictionary()).raw("tR")
  }

  /// The pickle of a state dict with one value, made by `build`.
  package static func state(_ name: String = "w", _ build: (Pickle) -> Pickle) -> [UInt8] {
    build(Pickle().orderedDictionary().raw("(").string(name)).raw("u.").bytes
  }
}

/// Zip archives of stored entries, without padding; every part can be made wrong.
package struct Zip {
  package var entries: [(name: String, data: [UInt8])]
  package var crcs: [String: UInt32] = [:]
  /// Whether sizes and offsets stand in zip64 fields, as those past 4 GiB do.
  package var isExtended = false
  /// Added to the number of entries in the zip64 end record.
  package var surplus: UInt64 = 0

  package init(_ entries: [(String, [UInt8])]) { self.entries = entries.map { ($0.0, $0.1) } }

  /// An archive with that pickle and storages, as PyTorch lays it out.
  package init(
    pickle: [UInt8], storages: [String: [UInt8]] = ["0": eightFloats], order: String = "little",
    extra: [(String, [UInt8])] = []
  ) {
    self.init(
      [("a/data.pkl", pickle), ("a/byteorder", Array(order.utf8))]
        + storages.sorted { $0.key < $1.key }.map { ("a/data/\($0.key)", $0.value) }
        + [("a/version", Array("3\n".utf8))] + extra)
  }

  /// 0, 1, ..., 7.
  package static let eightFloats: [UInt8] = (0..<8).flatMap { littleEndian(Float($0).bitPattern) }

  package var bytes: [UInt8] {
    var file: [UInt8] = []
    var directory: [UInt8] = []
    for (name, data) in entries {
      let size = isExtended ? UInt32.max : UInt32(data.count)
      let common =
        littleEndian(UInt16(10)) + [0, 0, 0, 0, 0, 0, 0, 0]
        + littleEndian(crcs[name] ?? referenceCRC(data)) + littleEndian(size) + littleEndian(size)
        + littleEndian(UInt16(name.utf8.count))
      let offset = isExtended ? UInt32.max : UInt32(file.count)
      let field =
        littleEndian(UInt16(1)) + littleEndian(UInt16(24))
        + [data.count, data.count, file.count].flatMap { littleEndian($0) }
      let extra = isExtended ? field : []
      directory += "PK\u{1}\u{2}".utf8 + littleEndian(UInt16(10)) + common
      directory += littleEndian(UInt16(extra.count)) + [UInt8](repeating: 0, count: 10)
      directory += littleEndian(offset) + name.utf8 + extra
      file += "PK\u{3}\u{4}".utf8 + common + [0, 0] + name.utf8 + data
    }
    return file + directory + end(directory: directory.count, at: file.count)
  }

  private func end(directory size: Int, at offset: Int) -> [UInt8] {
    let count = isExtended ? UInt16.max : UInt16(entries.count)
    let words = isExtended ? [UInt32.max, .max] : [UInt32(size), UInt32(offset)]
    let end =
      "PK\u{5}\u{6}".utf8 + [0, 0, 0, 0] + littleEndian(count) + littleEndian(count)
      + words.flatMap { littleEndian($0) } + [0, 0]
    guard isExtended else { return Array(end) }
    let total = UInt64(entries.count) + surplus
    let record =
      "PK\u{6}\u{6}".utf8 + littleEndian(UInt64(44)) + [45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]
      + [total, total, UInt64(size), UInt64(offset)].flatMap { littleEndian($0) }
    let locator =
      "PK\u{6}\u{7}".utf8 + [0, 0, 0, 0] + littleEndian(UInt64(offset + size)) + [1, 0, 0, 0]
    return record + locator + end
  }
}

/// CRC-32 bit by bit, straight from its definition.
package func referenceCRC(_ bytes: [UInt8]) -> UInt32 {
  var crc: UInt32 = .max
  for byte in bytes {
    crc ^= UInt32(byte)
    for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
  }
  return ~crc
}
