internal import Inputs

/// The header of a GGUF file, checked whole before any tensor is read.
///
/// After `docs/gguf.md` of <https://github.com/ggml-org/ggml> and the checks of llama.cpp's
/// `gguf.cpp`; limits are lower, since theirs let a small sparse file claim gigabytes.
struct GGUFHeader {
  let version: Int
  let metadata: GGUFMetadata
  /// In the order of the file, which is that of their data.
  let tensors: [TensorDescription]

  init(_ file: BoundedFile) throws(Refusal) {
    var cursor = GGUFCursor(file)
    version = try Self.version(&cursor)
    cursor.field = "tensor count"
    let tensorCount = try cursor.count(
      of: "tensors", leastBytes: GGUFTensorInfo.leastBytes, limit: 1 << 20)
    cursor.field = "metadata key count"
    let keyCount = try cursor.count(of: "keys", leastBytes: 8, limit: 1 << 20)

    var entries: [(key: String, value: GGUFValue)] = []
    var places: [ByteKey: Int] = [:]
    var alignment = 32
    for index in 0..<keyCount {
      cursor.field = "metadata key \(index)"
      let key = try cursor.string(limit: 65_535)
      guard !key.isEmpty else { throw cursor.refusal("an empty key", expected: "a name") }
      cursor.field = key
      guard places.updateValue(index, forKey: ByteKey(key)) == nil else {
        throw cursor.refusal("a duplicate key", expected: "each key once")
      }
      let type = try cursor.type()
      let value = try cursor.value(of: type)
      if key == "general.alignment" {
        alignment = try Self.alignment(type, value, cursor)
      }
      entries.append((key, value))
    }
    metadata = GGUFMetadata(file: file.path, entries: entries, places: places)

    var infos: [GGUFTensorInfo] = []
    var names: Set<ByteKey> = []
    for index in 0..<tensorCount {
      cursor.field = "tensor \(index)"
      let info = try GGUFTensorInfo(&cursor)
      guard names.insert(ByteKey(info.name)).inserted else {
        throw cursor.refusal("a duplicate tensor name", expected: "each tensor once")
      }
      infos.append(info)
    }
    tensors = try Self.placed(infos, dataFrom: cursor.position, alignment: alignment, in: file)
  }

  private static func version(_ cursor: inout GGUFCursor) throws(Refusal) -> Int {
    guard cursor.file.size > 0 else {
      throw cursor.refusal("an empty file", expected: "the magic GGUF")
    }
    let magic = try cursor.number(UInt32.self)
    guard magic == 0x4655_4747 else {
      let bytes = withUnsafeBytes(of: magic) { String(decoding: $0, as: UTF8.self) }
      throw cursor.refusal(
        try disguise(of: cursor.file) ?? "the magic \(quoted(bytes))", expected: "the magic GGUF")
    }
    let version = try cursor.number(UInt32.self)
    guard version == 2 || version == 3 else {
      let isSwapped = version.byteSwapped == 2 || version.byteSwapped == 3
      throw cursor.refusal(
        isSwapped ? "a big-endian file" : "version \(version)",
        expected: "version 2 or 3, little-endian")
    }
    return Int(version)
  }

  private static func alignment(
    _ type: GGUFType, _ value: GGUFValue, _ cursor: GGUFCursor
  ) throws(Refusal) -> Int {
    guard case .integer(let alignment) = value, type == .u32 else {
      throw cursor.refusal(
        "a value of type \(type): \(value.kindName)", expected: "an integer of type u32")
    }
    guard (1...(1 << 20)).contains(alignment), alignment & (alignment - 1) == 0 else {
      throw cursor.refusal("\(alignment)", expected: "a power of two up to \(1 << 20)")
    }
    return alignment
  }

  /// Checks that each tensor begins where the one before it ends, padded, and lies in the file.
  private static func placed(
    _ infos: [GGUFTensorInfo], dataFrom headerEnd: Int, alignment: Int, in file: BoundedFile
  ) throws(Refusal) -> [TensorDescription] {
    guard file.size <= Int.max / 2 else {
      throw Refusal(
        file.kind, file: file.path, found: "\(file.size) bytes",
        expected: "at most \(Int.max / 2), so that offsets can be added")
    }
    func padded(_ count: Int) -> Int { (count + alignment - 1) & ~(alignment - 1) }
    let dataStart = padded(headerEnd)
    var expected = 0
    var tensors: [TensorDescription] = []
    for info in infos {
      func refusal(_ found: String, _ expected: String) -> Refusal {
        Refusal(file.kind, file: file.path, field: info.name, found: found, expected: expected)
      }
      guard info.offset == UInt64(expected) else {
        throw refusal(
          "an offset of \(info.offset)",
          "\(expected), where the data before it ends (alignment \(alignment))")
      }
      let start = dataStart + expected
      guard start <= file.size, info.extent.byteCount <= file.size - start else {
        throw refusal(
          "the end of the file at byte \(file.size) (truncated)",
          "\(info.extent.byteCount) bytes from byte \(start) on")
      }
      tensors.append(
        TensorDescription(
          name: info.name, shape: info.shape, elementType: info.elementType, extent: info.extent,
          file: file.path, offset: start))
      expected = padded(expected + info.extent.byteCount)
    }
    guard file.size - dataStart <= expected else {
      throw Refusal(
        file.kind, file: file.path, field: "data",
        found: "\(file.size - dataStart - expected) trailing bytes that belong to no tensor",
        expected: "the end of the file after the last of \(infos.count) tensors")
    }
    return tensors
  }
}
