import CKernels
import Foundation
import Inputs
import Testing

@testable import ResultsStore

@Test func `the checksum of nine digits is the published one`() {
  #expect(CRC32C.of(Array("123456789".utf8)) == 0xE306_9283)
  #expect(CRC32C.of([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
  #expect(CRC32C.of([]) == 0)
  // By tables and by the processor's instruction, at every length and place in a word.
  let bytes = (0..<300).map { UInt8(truncatingIfNeeded: $0 &* 37) }
  for start in 0..<9 {
    for end in start...bytes.count {
      let piece = Array(bytes[start..<end])
      #expect(CRC32C.of(bytes[start..<end]) == crc32c_update_portable(0, piece, piece.count))
    }
  }
}

@Test func `a file is written whole, or replaced whole, and nothing else is left`() throws {
  let scratch = try Scratch()
  let files = FileWriter(run: try runID(1), rank: 3)
  let large = [UInt8](repeating: 7, count: 3_000_000)
  try files.write(large, to: scratch.file("a"))
  #expect(try scratch.bytes("a") == large)
  try files.write("short", to: scratch.file("a"))
  #expect(try scratch.bytes("a") == Array("short".utf8))
  try files.write([UInt8](), to: scratch.file("empty"))
  #expect(try scratch.tree() == ["a", "empty"])
}

@Test func `a folder is made in one that is there, never with those above it`() throws {
  let scratch = try Scratch()
  let files = FileWriter(run: try runID(1), rank: 0)
  try files.makeFolder(scratch.file("x"))
  try files.makeFolder(scratch.file("x"))
  try files.write("1", to: scratch.file("x/z"))
  #expect(try scratch.tree() == ["x/z"])
  let gone = scratch.file("gone")
  let error = refusal { () throws(Refusal) in try files.makeFolder(gone + "/x") }
  #expect(error?.kind == .store && error?.description.contains("ENOENT") == true)
}

@Test func `a full disk is told from a store that cannot be written`() {
  for code in [ENOSPC, EDQUOT, EFBIG, EMFILE] {
    let error = ResultsStore.refusal(of: code, "write", "f", needing: 10)
    #expect(error.kind == .resources && error.file == "f")
  }
  for code in [EIO, EROFS, EACCES, ENOENT] {
    #expect(ResultsStore.refusal(of: code, "write", "f").kind == .store)
  }
  let text = ResultsStore.refusal(of: ENOSPC, "fsync", "f", needing: 10).description
  #expect(
    text == "f: fsync: found No space left on device (ENOSPC), expected room for 10 bytes")
}

@Test func `a file in place of a folder, and a link, are refused by name`() throws {
  let scratch = try Scratch()
  let files = FileWriter(run: try runID(1), rank: 0)
  try scratch.put([1], "file")
  try FileManager.default.createSymbolicLink(
    atPath: scratch.file("link"), withDestinationPath: scratch.path)
  for (name, found) in [("file", "a file"), ("link", "a symbolic link")] {
    let error = refusal { () throws(Refusal) in try files.makeFolder(scratch.file(name)) }
    #expect(error?.found == found && error?.file == scratch.file(name))
  }
}

@Test func `a link in place of a file is replaced, not written through`() throws {
  let scratch = try Scratch()
  try scratch.put([1], "outside")
  try FileManager.default.createSymbolicLink(
    atPath: scratch.file("link"), withDestinationPath: scratch.file("outside"))
  try FileWriter(run: try runID(1), rank: 0).write([2], to: scratch.file("link"))
  #expect(try scratch.bytes("outside") == [1])
  #expect(try scratch.bytes("link") == [2])
}

@Test func `a failed write leaves the old file and no temporary one`() throws {
  let scratch = try Scratch()
  let files = FileWriter(run: try runID(1), rank: 0)
  try FileManager.default.createDirectory(
    atPath: scratch.file("taken/inner"), withIntermediateDirectories: true)
  let error = refusal { () throws(Refusal) in try files.write([1], to: scratch.file("taken")) }
  #expect(error?.field == "rename")
  #expect(try scratch.tree() == [])
}

@Test func `temporary names are read back as they are made`() throws {
  #expect(TemporaryName(".tmp-0000000000000001-3-12")?.run == (try runID(1)))
  for name in [
    ".tmp-1-3-12", "tmp-0000000000000001-3-12", ".tmp-0000000000000001-3", ".tmp-", "",
    ".tmp-0000000000000001-3-x", ".tmp-000000000000000G-3-1", ".tmp-0000000000000001-3-1-1",
  ] { #expect(TemporaryName(name) == nil, "\(name)") }
}

@Test func `JSON is written in one way, and reads back`() throws {
  let value: Attribute = [
    "b": [1, 2, 3], "a": ["x": "\"\\\n\u{1}é", "n": .number(.nan), "i": .number(-.infinity)],
    "e": [], "t": true, "f": 0.5, "s": [["k": 1]],
  ]
  let text = value.json
  let json = try JSON.parse(Array(text.utf8), file: "f", kind: .store)
  let field = JSONField(json, file: "f", kind: .store)
  #expect(try field.object().keys == ["b", "a", "e", "t", "f", "s"])
  #expect(try field["a"]["x"].string() == "\"\\\n\u{1}é")
  #expect(try field["a"]["i"].string() == "-Infinity")
  #expect(Attribute.table(try Attribute.members(of: field)).json == text)
}
