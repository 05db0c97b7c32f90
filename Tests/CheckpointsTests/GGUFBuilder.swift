/// Writes GGUF files for tests, byte by byte, right or wrong as told.
struct GGUFBuilder {
  var magic = Array("GGUF".utf8)
  var version: UInt32 = 3
  var alignment = 32
  var keyCount: UInt64?
  var tensorCount: UInt64?
  private var keys: [[UInt8]] = []
  private var infos: [[UInt8]] = []
  private var data: [UInt8] = []

  /// A builder whose file names an architecture.
  static var named: GGUFBuilder {
    var builder = GGUFBuilder()
    builder.add("general.architecture", type: 8, string("llama"))
    return builder
  }

  static func string(_ text: String) -> [UInt8] { bytes(UInt64(text.utf8.count)) + text.utf8 }

  static func array(_ type: UInt32, count: UInt64, _ items: [UInt8]) -> [UInt8] {
    bytes(type) + bytes(count) + items
  }

  /// A key with a value of the type's number.
  mutating func add(_ key: String, type: UInt32, _ value: [UInt8]) {
    keys.append(Self.string(key) + bytes(type) + value)
  }

  /// A tensor after the last one, its dimensions as the file has them, fastest first.
  mutating func addTensor(
    _ name: String, dimensions: [UInt64], type: UInt32, rank: UInt32? = nil, offset: UInt64? = nil,
    _ bytes: [UInt8]
  ) {
    infos.append(
      Self.string(name) + CheckpointsTests.bytes(rank ?? UInt32(dimensions.count))
        + dimensions.flatMap { CheckpointsTests.bytes($0) } + CheckpointsTests.bytes(type)
        + CheckpointsTests.bytes(offset ?? UInt64(data.count)))
    data += bytes
    while data.count % alignment != 0 { data.append(0) }
  }

  var file: [UInt8] {
    var file = magic + bytes(version)
    file += bytes(tensorCount ?? UInt64(infos.count)) + bytes(keyCount ?? UInt64(keys.count))
    for part in keys + infos { file += part }
    while file.count % alignment != 0 { file.append(0) }
    return file + data
  }
}
