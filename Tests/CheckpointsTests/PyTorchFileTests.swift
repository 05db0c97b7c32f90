import Foundation
import Inputs
import Testing
import _TestSupport

@testable import Checkpoints

private func open(_ zip: Zip) throws -> PyTorchFile {
  let folder = try TemporaryFolder()
  return try PyTorchFile(folder.write("x.bin", zip.bytes))
}

private func open(_ pickle: [UInt8], _ storages: [String: [UInt8]] = ["0": Zip.eightFloats])
  throws -> PyTorchFile
{ try open(Zip(pickle: pickle, storages: storages)) }

@Test func `a tensor is read through its strides and offset`() throws {
  func floats(_ shape: [Int], _ strides: [Int], offset: Int = 0) throws -> [Float] {
    let file = try open(
      Pickle.state { $0.tensor(shape: shape, strides: strides, offset: offset) })
    #expect(file.tensors["w"]?.shape == shape)
    return try file.floats("w")
  }
  #expect(try floats([4, 2], [2, 1]) == [0, 1, 2, 3, 4, 5, 6, 7])
  #expect(try floats([2, 4], [1, 2]) == [0, 2, 4, 6, 1, 3, 5, 7])
  #expect(try floats([2, 2, 2], [1, 4, 2]) == [0, 2, 4, 6, 1, 3, 5, 7])
  #expect(try floats([3], [2], offset: 3) == [3, 5, 7])
  #expect(try floats([3, 2], [0, 1], offset: 6) == [6, 7, 6, 7, 6, 7])
  #expect(try floats([], [], offset: 5) == [5])
  #expect(try floats([0, 4], [4, 1]) == [])
  #expect(try floats([1, 8], [99, 1]) == [0, 1, 2, 3, 4, 5, 6, 7])
}

@Test func `a strided tensor larger than a piece is read whole`() throws {
  let (rows, columns) = (300, 257)
  let values = (0..<(rows * columns)).map { Float($0) }
  let storage = values.flatMap { littleEndian($0.bitPattern) }
  let file = try open(
    Pickle.state {
      $0.tensor(shape: [columns, rows], strides: [1, columns], count: values.count)
    }, ["0": storage])
  let expected = (0..<columns).flatMap { c in (0..<rows).map { r in values[r * columns + c] } }
  #expect(try file.floats("w") == expected)
}

@Test func `every element type of a state dict is read`() throws {
  let half: [UInt8] = [0x00, 0x3C, 0x00, 0xC0]  // 1 and -2 as IEEE halves
  let brain: [UInt8] = [0x80, 0x3F, 0x00, 0xC0]  // 1 and -2 as the upper halves of floats
  let floating: [(String, [UInt8])] = [
    ("FloatStorage", [Float(1), -2].flatMap { littleEndian($0.bitPattern) }),
    ("DoubleStorage", [1.0, -2].flatMap { littleEndian($0.bitPattern) }),
    ("HalfStorage", half), ("BFloat16Storage", brain),
  ]
  for (storage, bytes) in floating {
    let flat = try open(
      Pickle.state { $0.tensor(shape: [2], strides: [1], count: 2, storage: storage) },
      ["0": bytes])
    #expect(try flat.floats("w") == [1, -2], "\(storage)")
    let spread = try open(
      Pickle.state { $0.tensor(shape: [2, 2], strides: [0, 1], count: 2, storage: storage) },
      ["0": bytes])
    #expect(try spread.floats("w") == [1, -2, 1, -2], "\(storage)")
  }
  let integers: [(String, [UInt8], [Int])] = [
    ("LongStorage", [1, -2].flatMap { littleEndian(Int64($0)) }, [1, -2]),
    ("IntStorage", [1, -2].flatMap { littleEndian(Int32($0)) }, [1, -2]),
    ("ShortStorage", [1, -2].flatMap { littleEndian(Int16($0)) }, [1, -2]),
    ("CharStorage", [1, 254], [1, -2]), ("ByteStorage", [1, 254], [1, 254]),
    ("BoolStorage", [1, 0], [1, 0]),
  ]
  for (storage, bytes, expected) in integers {
    let file = try open(
      Pickle.state { $0.tensor(shape: [2], strides: [1], count: 2, storage: storage) },
      ["0": bytes])
    #expect(try file.integers("w") == expected, "\(storage)")
  }
}

@Test func `tensors share storages, parameters are tensors, and _metadata is passed over`() throws {
  let pickle = Pickle().orderedDictionary().raw("(")
    .string("a").global("torch._utils", "_rebuild_parameter").raw("(")
    .tensor(shape: [8], strides: [1]).raw([0x88]).orderedDictionary().raw("tR")
    .string("b").tensor(shape: [2], strides: [1], offset: 6).raw("u")
    .raw("}").string("_metadata").orderedDictionary().raw("sb.")
  let file = try open(pickle.bytes)
  #expect(try file.floats("a") == [0, 1, 2, 3, 4, 5, 6, 7])
  #expect(try file.floats("b") == [6, 7])
  let description = Inspection(file).description
  #expect(description.contains("all  2 tensors  10 elements  40 bytes"), "\(description)")
}

@Test func `protocol 4 is recognised too`() throws {
  let names = Pickle(proto: 4).raw([0x8C, 11]).raw("collections").raw([0x94, 0x8C, 11])
    .raw("OrderedDict").raw([0x94, 0x93, 0x94]).raw(")R").raw([0x94])
  let file = try open(
    names.string("w").raw([0x94]).tensor(shape: [1], strides: [1], offset: 7).raw("sh").raw([3])
      .raw("h").raw([4]).tensor(shape: [1], strides: [1]).raw("s.").bytes.withoutRepeat)
  #expect(try file.floats("w") == [7])
}

extension [UInt8] {
  /// The pickle up to its first SETITEM, ended there.
  fileprivate var withoutRepeat: [UInt8] {
    guard let end = self.firstRange(of: Array("tRs".utf8))?.upperBound else { return self }
    return self[..<end] + Array(".".utf8)
  }
}

@Test func `a pickle that is no state dict is refused by what it is`() throws {
  func tensor(_ extra: @escaping (Pickle) -> Pickle) -> [UInt8] {
    Pickle.state { $0.tensor(shape: [1], strides: [1], extra: extra) }
  }
  let cases: [(terms: String, pickle: [UInt8])] = [
    ("data.pkl;os.system", Pickle().global("os", "system").raw("(").string("x").raw("tR.").bytes),
    ("torch.load", Pickle().global("torch", "load").raw(".").bytes),
    ("w;number 3", Pickle.state { $0.integer(3) }),
    ("w;dictionary;tensor", Pickle.state { $0.raw("}") }),
    ("call;_rebuild_tensor_v2", tensor { $0.raw("}").string("conj").raw([0x88]).raw("s") }),
    ("call;_rebuild_tensor_v2", tensor { $0.integer(1) }),
    (
      "duplicate;w",
      Pickle.state {
        $0.tensor(shape: [1], strides: [1]).string("w").tensor(shape: [1], strides: [1])
      }
    ),
    ("attribute;__class__", Pickle().raw("}").raw("}").string("__class__").raw("Nsb.").bytes),
    ("persistent id", Pickle().raw("(").string("module").raw("tQ.").bytes),
    ("0x42;BINBYTES", Pickle().raw("B").bytes),
    ("0x81;object", Pickle().raw(")").raw([0x81]).bytes),
    ("bytes after STOP", Pickle().raw("}.}").bytes),
    (
      "nested",
      Pickle().raw(")").raw(
        [UInt8](repeating: 0x85, count: 9)
      ).bytes
    ),
    ("stack;fewer", Pickle().raw([UInt8](repeating: 0x4E, count: 1 << 17)).bytes),
    ("marks;fewer", Pickle().raw([UInt8](repeating: 0x28, count: 1 << 17)).bytes),
    ("protocol 6", Pickle(proto: 6).bytes),
    ("frame;truncated", Pickle().raw([0x95, 9, 0, 0, 0, 0, 0, 0, 0]).bytes),
  ]
  for (terms, pickle) in cases { expectRefusal("x.bin;" + terms) { try open(pickle) } }
}

@Test func `a pickle that would fill memory is refused long before`() {
  let memo = Pickle().raw("}").raw([UInt8](repeating: 0x94, count: 3 << 20))
  expectRefusal("memo;limit") { try open(memo.bytes) }
  let tuples = Array("(".utf8) + [UInt8](repeating: 0x4E, count: 60_000) + Array("t".utf8)
  let values = Pickle().raw([[UInt8]](repeating: tuples, count: 75).flatMap { $0 })
  expectRefusal("values;limit") { try open(values.bytes) }
  let long = Pickle().raw([UInt8](repeating: 0x4E, count: PickleRecogniser.byteLimit))
  expectRefusal("a/data.pkl;limit") { try open(long.bytes) }
}

@Test func `a view that leaves its storage is refused by the tensor's name`() {
  let cases: [(terms: String, shape: [Int], strides: [Int], offset: Int)] = [
    ("strides", [2], [], 0), ("strides", [2, 2], [-1, 1], 0), ("shape", [-1], [1], 0),
    ("offset", [2], [1], -1), ("storage of 8", [2], [1], 7), ("storage of 8", [2], [8], 0),
    ("too large", [1 << 62, 4], [4, 1], 0), ("too large", [1 << 40], [0], 0),
    ("storage of 8", [1], [1], .max), ("storage of 8", [2, 2], [.max, .max], 0),
    ("9 sizes", [Int](repeating: 1, count: 9), [Int](repeating: 1, count: 9), 0),
  ]
  for (terms, shape, strides, offset) in cases {
    expectRefusal("x.bin;layer.w;" + terms) {
      try open(
        Pickle.state("layer.w") { $0.tensor(shape: shape, strides: strides, offset: offset) })
    }
  }
  for (terms, key, count) in [("a/data/1", "1", 8), ("32 bytes", "0", 9), ("32 bytes", "0", .max)] {
    expectRefusal("x.bin;layer.w;" + terms) {
      try open(
        Pickle.state("layer.w") { $0.tensor(shape: [1], strides: [1], key: key, count: count) })
    }
  }
}

@Test func `an archive that torch would not write is refused by the entry`() throws {
  let good = Pickle.state { $0.tensor(shape: [4, 2], strides: [2, 1]) }
  let whole = Zip(pickle: good)
  #expect(try open(whole).floats("w") == [0, 1, 2, 3, 4, 5, 6, 7])
  for name in ["a/../../evil", "/etc/evil", "a//evil", "a/./evil", "a\\..\\evil", "b/evil"] {
    let zip = Zip(pickle: good, extra: [(name, [1])])
    expectRefusal("x.bin;evil;entry") { try open(zip) }
  }
  expectRefusal("a/data/0;duplicate") { try open(Zip(pickle: good, extra: [("a/data/0", [])])) }
  expectRefusal("byteorder;big") { try open(Zip(pickle: good, order: "big")) }
  expectRefusal("constants.pkl;TorchScript") {
    try open(Zip(pickle: good, extra: [("a/constants.pkl", [])]))
  }
  expectRefusal("2 entries;data.pkl") {
    try open(Zip([("a/data.pkl", good), ("b/data.pkl", good)]))
  }
  expectRefusal("a/version") { try open(Zip([("a/data.pkl", good)])) }
  var damaged = whole
  damaged.crcs = ["a/data.pkl": 1]
  expectRefusal("a/data.pkl;CRC") { try open(damaged) }
  expectRefusal("0 entries;data.pkl") { try open(Zip([("a/version", [])])) }
  let folder = try TemporaryFolder()
  let comment = try folder.write("x.bin", whole.bytes.dropLast(2) + [1, 0, 0x20])
  expectRefusal("x.bin;end record") { try PyTorchFile(comment) }
}

@Test func `zip64 fields are read, and refused where they do not fit`() throws {
  let good = Pickle.state { $0.tensor(shape: [4, 2], strides: [2, 1]) }
  var zip = Zip(pickle: good)
  zip.isExtended = true
  #expect(try open(zip).floats("w") == [0, 1, 2, 3, 4, 5, 6, 7])
  let folder = try TemporaryFolder()
  func refuse(_ terms: String, _ bytes: [UInt8]) throws {
    let path = try folder.write("x.bin", bytes)
    expectRefusal("x.bin;" + terms) { try PyTorchFile(path) }
  }
  let whole = zip.bytes
  let field = try #require(whole.firstRange(of: [1, 0, 24, 0])?.lowerBound)
  for value in [0x01, 0x7F, 0xFF] as [UInt8] {
    for place in 0..<3 {
      var bytes = whole
      for i in 0..<8 { bytes[field + 4 + 8 * place + i] = value }
      try refuse("a/data.pkl", bytes)
    }
  }
  var bytes = whole
  bytes[field] = 2
  try refuse("a/data.pkl;no zip64 field", bytes)
  let locator = whole.count - 22 - 20
  bytes = whole
  bytes[locator + 8] ^= 1
  try refuse("zip64 locator", bytes)
  bytes = whole
  bytes[locator] = 0
  try refuse("no zip64 end record", bytes)
  bytes = whole
  bytes[whole.count - 12] = 9  // The end record's count is then no longer the mark of zip64.
  bytes[whole.count - 11] = 0
  bytes[whole.count - 14] = 9
  bytes[whole.count - 13] = 0
  try refuse("zip64 end record;directory", bytes)
  for surplus in [1, 1 << 40, UInt64.max - 9] {
    zip.surplus = surplus
    try refuse("entr", zip.bytes)
  }
}

@Test func `a storage whose CRC is wrong is refused when it is read, each time`() throws {
  var zip = Zip(pickle: Pickle.state { $0.tensor(shape: [1], strides: [1]) })
  zip.crcs = ["a/data/0": 7]
  let file = try open(zip)
  for _ in 0..<2 {
    expectRefusal("x.bin;a/data/0;00000007") { try file.floats("w") }
  }
  var value: [Float] = [0]
  expectRefusal("a/data/0;CRC") {
    try value.withUnsafeMutableBufferPointer { try file.read("w", into: $0) }
  }
}

@Test func `the CRC-32 is that of its definition, in pieces too`() {
  #expect(CRC32.of(Array("123456789".utf8)) == 0xCBF4_3926)
  var random = SeededRandom(seed: 2)
  for count in 0..<40 {
    let bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    var pieces = CRC32()
    bytes.withUnsafeBytes { whole in
      pieces.update(UnsafeRawBufferPointer(rebasing: whole[..<(count / 3)]))
      pieces.update(UnsafeRawBufferPointer(rebasing: whole[(count / 3)...]))
    }
    #expect(pieces.value == referenceCRC(bytes))
    #expect(CRC32.of(bytes) == referenceCRC(bytes))
  }
}
