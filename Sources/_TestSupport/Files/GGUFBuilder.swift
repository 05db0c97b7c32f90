/// Writes GGUF files for tests, byte by byte, right or wrong as told.
package struct GGUFBuilder {
  package var magic = Array("GGUF".utf8)
  package var version: UInt32 = 3
  package var alignment = 32
  package var keyCount: UInt64?
  package var tensorCount: UInt64?
  private var keys: [[UInt8]] = []
  private var infos: [[UInt8]] = []
  private var data: [UInt8] = []

  package init() {}

  /// A builder whose file names an architecture.
  package static var named: GGUFBuilder {
    var builder = GGUFBuilder()
    builder.add("general.architecture", type: 8, string("llama"))
    return builder
  }

  package static func string(_ text: String) -> [UInt8] {
    littleEndian(UInt64(text.utf8.count)) + text.utf8
  }

  package static func array(_ type: UInt32, count: UInt64, _ items: [UInt8]) -> [UInt8] {
    littleEndian(type) + littleEndian(count) + items
  }

  /// A key with a value of the type's number.
  package mutating func add(_ key: String, type: UInt32, _ value: [UInt8]) {
    keys.append(Self.string(key) + littleEndian(type) + value)
  }

  /// A tensor after the last one, its dimensions as the file has them, fastest first.
  package mutating func addTensor(
    _ name: String, dimensions: [UInt64], type: UInt32, rank: UInt32? = nil, offset: UInt64? = nil,
    _ bytes: [UInt8]
  ) {
    infos.append(
      Self.string(name) + littleEndian(rank ?? UInt32(dimensions.count))
        + dimensions.flatMap { littleEndian($0) } + littleEndian(type)
        + littleEndian(offset ?? UInt64(data.count)))
    data += bytes
    while data.count % alignment != 0 { data.append(0) }
  }

  package var file: [UInt8] {
    var file = magic + littleEndian(version)
    file +=
      littleEndian(tensorCount ?? UInt64(infos.count))
      + littleEndian(keyCount ?? UInt64(keys.count))
    for part in keys + infos { file += part }
    while file.count % alignment != 0 { file.append(0) }
    return file + data
  }
}
