import Inputs
import Testing
import _TestSupport

@testable import Checkpoints

private func open(_ bytes: [UInt8]) throws -> SafetensorsFile {
  let folder = try TemporaryFolder()
  return try SafetensorsFile(folder.write("x.safetensors", bytes))
}

private let eight = [UInt8](repeating: 1, count: 8)

@Test func `a safetensors file gives its metadata and its tensors row by row`() throws {
  let file = try open(
    safetensors(
      #"{"b":{"dtype":"I16","shape":[2],"data_offsets":[8,12]},"__metadata__":{"format":"pt"},"#
        + #""a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}}   "#,
      data: littleEndian(Float(1.5)) + littleEndian(Float(-2)) + littleEndian(Int16(-3))
        + littleEndian(Int16(4))))
  #expect(file.metadata == ["format": "pt"])
  #expect(file.tensors.count == 2)
  #expect(file.tensors["a"]?.shape == [2, 1])
  #expect(file.tensors["b"]?.elementType == .i16)
  #expect(try file.floats("a") == [1.5, -2])
  #expect(try file.integers("b") == [-3, 4])
}

@Test func `scalars and tensors without elements are read`() throws {
  let file = try open(
    safetensors(
      #"{"s":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"#
        + #""e":{"dtype":"F16","shape":[0,3],"data_offsets":[4,4]}}"#, data: littleEndian(Float(7)))
  )
  #expect(try file.floats("s") == [7])
  #expect(try file.floats("e") == [])
  #expect(try open(safetensors("{}")).tensors.isEmpty)
}

@Test(arguments: [
  (
    "F64", littleEndian(1e-3) + littleEndian(Double.greatestFiniteMagnitude),
    [Float(1e-3), .infinity]
  ),
  ("BF16", littleEndian(UInt16(0x3F80)) + littleEndian(UInt16(0xC000)), [1, -2]),
  ("F16", littleEndian(UInt16(0x3C00)) + littleEndian(UInt16(0xC000)), [1, -2]),
])
func `floating-point tensors are read as float32`(type: String, data: [UInt8], values: [Float])
  throws
{
  let file = try open(
    safetensors(
      #"{"w":{"dtype":"\#(type)","shape":[2],"data_offsets":[0,\#(data.count)]}}"#, data: data))
  #expect(try file.floats("w") == values)
}

@Test(arguments: [
  ("I64", littleEndian(Int64.min) + littleEndian(Int64.max), [Int.min, .max]),
  ("I32", littleEndian(Int32.min) + littleEndian(Int32(5)), [Int(Int32.min), 5]),
  ("I8", [0x80, 0x7F], [-128, 127]), ("U8", [0, 255], [0, 255]), ("BOOL", [0, 1], [0, 1]),
  ("U16", littleEndian(UInt16.max) + littleEndian(UInt16(1)), [65535, 1]),
  ("U32", littleEndian(UInt32.max) + littleEndian(UInt32(1)), [4_294_967_295, 1]),
  ("U64", littleEndian(UInt64(1) << 62) + littleEndian(UInt64(1)), [1 << 62, 1]),
])
func `integer tensors keep every value`(type: String, data: [UInt8], values: [Int]) throws {
  let file = try open(
    safetensors(
      #"{"w":{"dtype":"\#(type)","shape":[2],"data_offsets":[0,\#(data.count)]}}"#, data: data))
  #expect(try file.integers("w") == values)
}

@Test func `a tensor of another kind or name is refused when it is read`() throws {
  let file = try open(
    safetensors(
      #"{"weight":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"#
        + #""ids":{"dtype":"U64","shape":[1],"data_offsets":[8,16]}}"#,
      data: eight + littleEndian(UInt64.max)))
  expectRefusal("weight;F32;integers") { try file.integers("weight") }
  expectRefusal("ids;U64;floating") { try file.floats("ids") }
  expectRefusal("ids;18446744073709551615") { try file.integers("ids") }
  expectRefusal("wieght;nearest;\"weight\"") { try file.floats("wieght") }
}

private let badHeaders: [(header: String, terms: String)] = [
  ("", "header;0"),
  (" {}", "header;{"),
  ("{}\0", "header;}"),
  ("{\"w\":{", "header;json"),
  ("{\"w\":}", "header;json"),
  (#"{"w":3}"#, "w;object"),
  (#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1}}"#, "w.x;unknown"),
  (#"{"w":{"dtype":"F33","shape":[2],"data_offsets":[0,8]}}"#, "w.dtype;F33;F32"),
  (#"{"w":{"shape":[2],"data_offsets":[0,8]}}"#, "w.dtype"),
  (#"{"w":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, "w.shape;-2"),
  (#"{"w":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}"#, "w.shape;2.0"),
  (#"{"w":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}"#, "overflow"),
  (#"{"w":{"dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,8]}}"#, "overflow"),
  (#"{"w":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,2],"data_offsets":[0,8]}}"#, "9 dimensions;8"),
  (#"{"w":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, "w;8 bytes;12 bytes"),
  (#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, "w.data_offsets;before"),
  (#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,4,8]}}"#, "w.data_offsets;3 numbers"),
  (#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}"#, "w.data_offsets;-8"),
  (#"{"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}"#, "w.data_offsets;16;8;truncated"),
  (#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, "4;trailing"),
  (#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, "w.data_offsets;hole"),
  (
    #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"#
      + #""b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, "b.data_offsets;overlap"
  ),
  (
    #"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"#
      + #""w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, "w;duplicate"
  ),
  (
    "{\"caf\u{e9}\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
      + "\"cafe\u{301}\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
    "duplicate;normal"
  ),
  (#"{"__metadata__":{"step":3}}"#, "__metadata__.step;string"),
  (#"{"__metadata__":[]}"#, "__metadata__;object"),
]

@Test(arguments: badHeaders)
func `a wrong safetensors header is refused by field`(header: String, terms: String) {
  expectRefusal("x.safetensors;" + terms) { try open(safetensors(header, data: eight)) }
}

@Test func `a wrong header length is refused before anything is read`() {
  expectRefusal("truncated|8 bytes") { try open([1, 2, 3]) }
  expectRefusal("header;18446744073709551615") { try open(littleEndian(UInt64.max) + eight) }
  expectRefusal("header;100000001;100000000") {
    try open(littleEndian(UInt64(100_000_001)) + eight)
  }
  expectRefusal("header;9;8 bytes after") { try open(littleEndian(UInt64(9)) + eight) }
}

@Test func `other formats under a safetensors name are named`() {
  let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n"
  expectRefusal("lfs pointer") { try open(Array(pointer.utf8)) }
  expectRefusal("html") { try open(Array("\n<!DOCTYPE html><html></html>".utf8)) }
  expectRefusal("gguf") { try open(GGUFBuilder.named.file) }
  expectRefusal("zip;pytorch") { try open(Array("PK\u{3}\u{4}".utf8) + eight) }
}

@Test func `a file named by the caller as part of a store is refused as such`() throws {
  let folder = try TemporaryFolder()
  let path = try folder.write("x.safetensors", [1])
  expectRefusal("truncated", kind: .store) { try SafetensorsFile(path, kind: .store) }
}
