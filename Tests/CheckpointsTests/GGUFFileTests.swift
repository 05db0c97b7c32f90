import Inputs
import Testing
import _TestSupport

@testable import Checkpoints

private func open(_ builder: GGUFBuilder) throws -> GGUFFile { try open(builder.file) }

private func open(_ bytes: [UInt8]) throws -> GGUFFile {
  let folder = try TemporaryFolder()
  return try GGUFFile(folder.write("x.gguf", bytes))
}

@Test(arguments: [UInt32(2), 3])
func `a GGUF file gives metadata of every type and its tensors`(version: UInt32) throws {
  var builder = GGUFBuilder.named
  builder.version = version
  builder.add("u8", type: 0, [200])
  builder.add("i8", type: 1, [200])
  builder.add("u16", type: 2, littleEndian(UInt16.max))
  builder.add("i16", type: 3, littleEndian(Int16.min))
  builder.add("u32", type: 4, littleEndian(UInt32.max))
  builder.add("i32", type: 5, littleEndian(Int32.min))
  builder.add("f32", type: 6, littleEndian(Float(0.1)))
  builder.add("bool", type: 7, [1])
  builder.add("u64", type: 10, littleEndian(UInt64(1) << 62))
  builder.add("i64", type: 11, littleEndian(Int64.min))
  builder.add("f64", type: 12, littleEndian(0.1))
  builder.add(
    "strings", type: 9,
    GGUFBuilder.array(8, count: 2, GGUFBuilder.string("Ġa") + GGUFBuilder.string("")))
  builder.add(
    "ints", type: 9,
    GGUFBuilder.array(5, count: 2, littleEndian(Int32(-1)) + littleEndian(Int32(2))))
  builder.add("floats", type: 9, GGUFBuilder.array(6, count: 1, littleEndian(-Float.infinity)))
  builder.add("bools", type: 9, GGUFBuilder.array(7, count: 2, [1, 0]))
  builder.addTensor("w", dimensions: [3, 2], type: 0, (1...6).flatMap { littleEndian(Float($0)) })
  builder.addTensor(
    "n", dimensions: [2], type: 26, littleEndian(Int32(-7)) + littleEndian(Int32(8)))
  let file = try open(builder)
  let metadata = file.metadata

  #expect(file.version == Int(version))
  #expect(try metadata["general.architecture"].string() == "llama")
  #expect(try metadata["u8"].int() == 200)
  #expect(try metadata["i8"].int(in: -128...127) == -56)
  #expect(try metadata["u16"].int() == 65535)
  #expect(try metadata["i16"].int(in: -40000...0) == -32768)
  #expect(try metadata["u32"].int(in: 0...(1 << 32)) == 4_294_967_295)
  #expect(try metadata["i32"].int(in: Int.min...0) == -2_147_483_648)
  #expect(try metadata["f32"].double() == Double(Float(0.1)))
  #expect(try metadata["bool"].bool())
  #expect(try metadata["u64"].int(in: 0...Int.max) == 1 << 62)
  #expect(try metadata["i64"].int(in: Int.min...0) == Int.min)
  #expect(try metadata["f64"].double() == 0.1)
  #expect(try metadata["strings"].strings() == ["Ġa", ""])
  #expect(try metadata["ints"].integers() == [-1, 2])
  #expect(try metadata["floats"].doubles() == [-.infinity])
  #expect(try metadata["bools"].bools() == [true, false])
  #expect(metadata.optional("absent") == nil)
  #expect(metadata.entries.count == 16)

  #expect(file.tensors["w"]?.shape == [2, 3])
  #expect(try file.floats("w") == [1, 2, 3, 4, 5, 6])
  #expect(try file.integers("n") == [-7, 8])
}

@Test func `a metadata value of another type or range is refused by key`() throws {
  var builder = GGUFBuilder.named
  builder.add("llama.block_count", type: 4, littleEndian(UInt32(12)))
  builder.add("nan", type: 6, littleEndian(Float.nan))
  let metadata = try open(builder).metadata
  expectRefusal("x.gguf;llama.block_count;12;from 0 to 3") {
    try metadata["llama.block_count"].int(in: 0...3)
  }
  expectRefusal("llama.block_count;12;string") { try metadata["llama.block_count"].string() }
  expectRefusal("llama.block_count;strings") { try metadata["llama.block_count"].strings() }
  expectRefusal("general.architecture;llama;integer") {
    try metadata["general.architecture"].int()
  }
  expectRefusal("nan;finite") { try metadata["nan"].double() }
  expectRefusal("llama.blok_count;no such key;\"llama.block_count\"") {
    try metadata["llama.blok_count"]
  }
}

@Test func `tensors begin at multiples of the alignment that the file names`() throws {
  var builder = GGUFBuilder.named
  builder.alignment = 128
  builder.add("general.alignment", type: 4, littleEndian(UInt32(128)))
  builder.addTensor("a", dimensions: [1], type: 0, littleEndian(Float(1)))
  builder.addTensor("b", dimensions: [1], type: 0, littleEndian(Float(2)))
  let file = try open(builder)
  #expect(file.tensors.values.allSatisfy { $0.offset % 128 == 0 })
  #expect(try file.floats("a") + file.floats("b") == [1, 2])
}

private func builder(_ change: (inout GGUFBuilder) -> Void) -> GGUFBuilder {
  var builder = GGUFBuilder.named
  change(&builder)
  return builder
}

private let data32 = [UInt8](repeating: 0, count: 32)

private let badFiles: [(builder: GGUFBuilder, terms: String)] = [
  (builder { $0.magic = Array("GGML".utf8) }, "magic;GGML"),
  (builder { $0.version = 1 }, "version 1"),
  (builder { $0.version = 4 }, "version 4"),
  (builder { $0.version = UInt32(3).byteSwapped }, "big-endian"),
  (builder { $0.tensorCount = 12 }, "tensor count;12 tensors;truncated"),
  (builder { $0.tensorCount = .max }, "tensor count;18446744073709551615"),
  (builder { $0.keyCount = 1 << 40 }, "key count;1099511627776"),
  (builder { $0.keyCount = 2 }, "metadata key 1;empty key"),
  (builder { $0.add("", type: 0, [1]) }, "key;empty"),
  (builder { $0.add("general.architecture", type: 0, [1]) }, "general.architecture;duplicate"),
  (builder { $0.add("a", type: 13, [1]) }, "a;type 13"),
  (builder { $0.add("a", type: 7, [2]) }, "a;boolean;2"),
  (builder { $0.add("a", type: 8, littleEndian(UInt64.max)) }, "a;length;18446744073709551615"),
  (builder { $0.add("a", type: 8, littleEndian(UInt64(1000))) }, "a;1000;truncated"),
  (builder { $0.add("a", type: 8, littleEndian(UInt64(1)) + [0xFF]) }, "a;utf-8"),
  (builder { $0.add("a", type: 10, littleEndian(UInt64.max)) }, "a;18446744073709551615"),
  (
    builder { $0.add("a", type: 9, GGUFBuilder.array(12, count: (1 << 61) + 1, [])) },
    "a;count;2305843009213693953"
  ),
  (builder { $0.add("a", type: 9, GGUFBuilder.array(9, count: 1, data32)) }, "a;array of arrays"),
  (builder { $0.add("a", type: 9, GGUFBuilder.array(77, count: 1, data32)) }, "a;type 77"),
  (
    builder { $0.add("a", type: 9, GGUFBuilder.array(8, count: 1, littleEndian(UInt64(99)))) },
    "a[0];99;truncated"
  ),
  (
    builder { $0.add("general.alignment", type: 4, littleEndian(UInt32(48))) },
    "general.alignment;48"
  ),
  (
    builder { $0.add("general.alignment", type: 4, littleEndian(UInt32(0))) }, "general.alignment;0"
  ),
  (
    builder { $0.add("general.alignment", type: 4, littleEndian(UInt32(1) << 31)) },
    "general.alignment;2147483648"
  ),
  (
    builder { $0.add("general.alignment", type: 10, littleEndian(UInt64(32))) },
    "general.alignment;u64;u32"
  ),
  (
    builder { $0.addTensor(String(repeating: "n", count: 64), dimensions: [8], type: 0, data32) },
    "tensor 0, name;64;63"
  ),
  (builder { $0.addTensor("", dimensions: [8], type: 0, data32) }, "tensor 0, name;empty"),
  (
    builder {
      $0.addTensor("t", dimensions: [8], type: 0, data32)
      $0.addTensor("t", dimensions: [8], type: 0, data32)
    }, "t;duplicate"
  ),
  (builder { $0.addTensor("t", dimensions: [1, 1, 1, 1, 8], type: 0, data32) }, "t;5 dimensions"),
  (builder { $0.addTensor("t", dimensions: [8], type: 0, rank: .max, data32) }, "t;4294967295"),
  (builder { $0.addTensor("t", dimensions: [1 << 63], type: 0, data32) }, "t;9223372036854775808"),
  (builder { $0.addTensor("t", dimensions: [1 << 32, 1 << 32], type: 0, data32) }, "t;overflow"),
  (builder { $0.addTensor("t", dimensions: [(1 << 62) + 2], type: 0, data32) }, "t;overflow"),
  (builder { $0.addTensor("t", dimensions: [8], type: 999, data32) }, "t;type 999"),
  (builder { $0.addTensor("t", dimensions: [8], type: 4, data32) }, "t;type 4;removed"),
  (builder { $0.addTensor("t", dimensions: [256], type: 16, data32) }, "t;type 16;IQ2_XXS;Q4_1"),
  (builder { $0.addTensor("t", dimensions: [33], type: 8, data32) }, "t;33;32"),
  (builder { $0.addTensor("t", dimensions: [8], type: 0, offset: 4, data32) }, "t;offset of 4"),
  (
    builder { $0.addTensor("t", dimensions: [8], type: 0, offset: UInt64.max - 31, data32) },
    "t;offset;18446744073709551584"
  ),
  (
    builder {
      $0.addTensor("a", dimensions: [8], type: 0, data32)
      $0.addTensor("b", dimensions: [8], type: 0, offset: 0, data32)
    }, "b;offset of 0;32"
  ),
  (builder { $0.addTensor("t", dimensions: [16], type: 0, data32) }, "t;truncated;64 bytes"),
  (builder { $0.addTensor("t", dimensions: [UInt64(Int.max)], type: 24, data32) }, "t;truncated"),
]

@Test(arguments: badFiles.indices)
func `a wrong GGUF file is refused by field`(number: Int) {
  let (builder, terms) = badFiles[number]
  expectRefusal("x.gguf;" + terms) { try open(builder) }
}

@Test func `an empty GGUF file and a pointer to one are named`() {
  expectRefusal("empty;magic") { try open([]) }
  expectRefusal("header;truncated") { try open(Array("GGUF".utf8)) }
  expectRefusal("lfs pointer") {
    try open(Array("version https://git-lfs.github.com/spec/v1\n".utf8))
  }
}
