/// A `.npy` file of version 1.0 with that header text and data.
private func npy(
  _ header: String = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }",
  version: [UInt8] = [1, 0], length: Int? = nil, data: Int = 24
) -> [UInt8] {
  let text = Array((header + "\n").utf8)
  let count = length ?? text.count
  let size = version[0] == 1 ? littleEndian(UInt16(count)) : littleEndian(UInt32(count))
  return [0x93] + Array("NUMPY".utf8) + version + size + text + [UInt8](repeating: 0, count: data)
}

private func shaped(_ shape: String, data: Int = 24) -> [UInt8] {
  npy("{'descr': '<f4', 'fortran_order': False, 'shape': \(shape), }", data: data)
}

private func typed(_ type: String, data: Int = 24) -> [UInt8] {
  npy("{'descr': \(type), 'fortran_order': False, 'shape': (2, 3), }", data: data)
}

private func file(
  _ name: String, _ terms: String?, size: Int? = nil, _ bytes: @Sendable @escaping () -> [UInt8]
) -> HostileInput { HostileInput("npy/\(name).npy", terms, size: size, bytes) }

/// A zstd frame of raw blocks, each part of which can be wrong: RFC 8878, section 3.1.
private func frame(
  descriptor: UInt8, header: [UInt8], blocks: [(kind: UInt32, size: UInt32, bytes: [UInt8])],
  end: [UInt8] = []
) -> [UInt8] {
  var bytes: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, descriptor] + header
  for (number, block) in blocks.enumerated() {
    let isLast: UInt32 = number == blocks.count - 1 ? 1 : 0
    bytes += littleEndian(isLast | block.kind << 1 | block.size << 3)[..<3] + block.bytes
  }
  return bytes + end
}

private func zstd(
  _ name: String, _ terms: String?, size: Int? = nil, _ bytes: @Sendable @escaping () -> [UInt8]
) -> HostileInput { HostileInput("zstd/\(name).zst", terms, code: 5, size: size, bytes) }

extension HostileInput {
  static let ofNumPy: [HostileInput] = [
    file("whole", nil) { npy() },
    file("version-2", nil) { npy(version: [2, 0]) },
    file("version-3", nil) { npy(version: [3, 0]) },
    file("scalar", nil) { shaped("()", data: 4) },
    file("vector", nil) { shaped("(6,)") },
    file("python-2", nil) { shaped("(2L, 3L)") },
    file("no-rows", nil) { shaped("(0, 3)", data: 0) },
    file("columns-first", nil) {
      npy("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }")
    },
    file("empty", "magic;empty") { [] },
    file("magic-alone", "truncated") { [0x93] + Array("NUMPY".utf8) },
    file("another-magic", "magic") { [0x94] + Array("NUMPY".utf8) + [1, 0, 10, 0] },
    file("version-9", "version;9.0") { npy(version: [9, 0]) },
    file("version-1-1", "version;1.1") { npy(version: [1, 1]) },
    file("length-past-the-end", "header length;9999;truncated") { npy(length: 9999) },
    file("length-past-the-limit", "header length;65535;limit") { npy(length: 65_535) },
    file("length-of-4-gib", "header length;4294967295") {
      npy(version: [2, 0], length: 4_294_967_295)
    },
    file("length-0", "header") { npy(length: 0) },
    file("no-dictionary", "header;{") { npy("[1, 2]") },
    file("unclosed", "header") { npy("{'descr': '<f4', ") },
    file("a-word-unclosed", "header;quotation") { npy("{'descr: <f4") },
    file("code", "header;byte 95;quoted word") {
      npy("{'descr': __import__('os').system('true'), }")
    },
    file("unknown-key", "evil") { npy("{'evil': 1, }") },
    file("key-twice", "shape;duplicate") {
      npy("{'descr': '<f4', 'shape': (6,), 'fortran_order': False, 'shape': (6,), }")
    },
    file("no-shape", "shape;no such key") { npy("{'descr': '<f4', 'fortran_order': False, }") },
    file("no-type", "descr;no such key") { npy("{'fortran_order': False, 'shape': (6,), }") },
    file("text-behind", "header;after") {
      npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), } or 1")
    },
    file("order-a-number", "fortran_order") {
      npy("{'descr': '<f4', 'fortran_order': 1, 'shape': (2, 3), }")
    },
    file("objects", "descr;|O;pickle") { typed("'|O'") },
    file("big-endian", "descr;>f4;big-endian") { typed("'>f4'") },
    file("records", "descr;records") { typed("[('a', '<f4'), ('b', '<f4')]") },
    file("unicode", "descr;<U8") { typed("'<U8'") },
    file("complex", "descr;<c8") { typed("'<c8'") },
    file("long-double", "descr;<f16") { typed("'<f16'") },
    file("dates", "descr;<m8[ns]") { typed("'<m8[ns]'") },
    file("shape-negative", "shape;-2") { shaped("(-2, 3)") },
    file("shape-a-number", "header;(") { shaped("6") },
    file("shape-a-list", "header;(") { shaped("[2, 3]") },
    file("shape-of-texts", "shape") { shaped("('2', 3)") },
    file("shape-of-fractions", "shape") { shaped("(2.0, 3)") },
    file("shape-without-comma", "shape") { shaped("(6)") },
    file("shape-past-63-bits", "shape;9223372036854775808") { shaped("(9223372036854775808,)") },
    file("product-past-63-bits", "shape;too large") { shaped("(4294967296, 4294967296)") },
    file("bytes-past-63-bits", "shape;too large") { shaped("(4611686018427387904,)") },
    file("rank-40", "shape;8") { shaped("(\(String(repeating: "1,", count: 40)))", data: 4) },
    file("data-cut", "data;23;24;truncated") { npy(data: 23) },
    file("data-too-long", "data;25;24") { npy(data: 25) },
    file("claims-a-terabyte", "data;truncated") { shaped("(1000000000000,)") },
    file("holes-behind", "data;24", size: 1 << 33) { npy() },
  ]

  static let ofZstd: [HostileInput] = [
    zstd("three-bytes", "truncated") { [0x28, 0xB5, 0x2F] },
    zstd("gzip", "magic") { [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3] },
    zstd("older-version", "magic") { [0x27, 0xB5, 0x2F, 0xFD, 0, 0, 0, 0] },
    zstd("skippable-alone", "magic") { [0x50, 0x2A, 0x4D, 0x18, 4, 0, 0, 0, 1, 2, 3, 4] },
    zstd("no-size", "declares no size") {
      frame(descriptor: 0x04, header: [0x58], blocks: [(0, 1, [7])], end: [0, 0, 0, 0])
    },
    zstd("no-checksum", "checksum") {
      frame(descriptor: 0x20, header: [1], blocks: [(0, 1, [7])])
    },
    zstd("wrong-checksum", "corrupt|checksum") {
      frame(descriptor: 0x24, header: [1], blocks: [(0, 1, [7])], end: [1, 2, 3, 4])
    },
    zstd("dictionary", "dictionary") {
      frame(descriptor: 0x21, header: [9, 1], blocks: [(0, 1, [7])])
    },
    zstd("reserved-bit", "reserved") {
      frame(descriptor: 0x28, header: [1], blocks: [(0, 1, [7])])
    },
    zstd("declares-2-to-64", "size of;limit") {
      frame(
        descriptor: 0xE4, header: [UInt8](repeating: 0xFD, count: 8), blocks: [(0, 1, [7])])
    },
    zstd("declares-64-mib", "size of;limit") {
      frame(
        descriptor: 0xA4, header: littleEndian(UInt32(64 << 20 + 1)), blocks: [(0, 1, [7])])
    },
    zstd("declares-more-than-it-holds", "size|corrupt") {
      frame(
        descriptor: 0xA4, header: littleEndian(UInt32(1 << 20)), blocks: [(0, 1, [7])],
        end: [0, 0, 0, 0])
    },
    zstd("window-of-32-mib", "window;limit") {
      frame(
        descriptor: 0x84, header: [15 << 3] + littleEndian(UInt32(1)), blocks: [(0, 1, [7])],
        end: [0, 0, 0, 0])
    },
    zstd("expands-a-thousandfold", "corrupt|checksum|size") {
      // 500 blocks of one repeated byte, 62 MB in 2 kB, with a wrong checksum.
      frame(
        descriptor: 0x84, header: [7 << 3] + littleEndian(UInt32(500 * 131_072)),
        blocks: [(kind: UInt32, size: UInt32, bytes: [UInt8])](
          repeating: (1, 131_072, [0]), count: 500), end: [0, 0, 0, 0])
    },
    zstd("holes-behind", "trailing|corrupt", size: 1 << 31) {
      frame(descriptor: 0x20, header: [1], blocks: [(0, 1, [7])])
    },
    zstd("of-holes", "magic|truncated", size: 1 << 31) { [] },
    zstd("journal-cut", "header;record") {
      [0x57, 0x2A, 0x4D, 0x18, 24, 0, 0, 0] + Array("CWJ1".utf8)
    },
    zstd("journal-of-holes", "header;record", size: 1 << 31) {
      [0x57, 0x2A, 0x4D, 0x18, 24, 0, 0, 0] + Array("CWJ1".utf8)
    },
  ]
}
