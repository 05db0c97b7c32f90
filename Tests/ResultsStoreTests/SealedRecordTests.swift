import Foundation
import Inputs
import Testing

@testable import ResultsStore

@Test func `a sealed record is read back, and no bit of it can change unseen`() throws {
  let scratch = try Scratch()
  let members: [Attribute.Member] = [
    .init("run", .text("a\"b")), .init("level", .number(0.25)), .init("ranks", .integer(3)),
    .init("hosts", .list([.text("x"), .text("y")])),
  ]
  let text = Array(SealedRecord.text(members).utf8)
  try scratch.put(text, "record.json")
  let record = try SealedRecord.read(scratch.file("record.json"))
  #expect(try record["ranks"].int() == 3)
  for place in text.indices {
    for bit in 0..<8 {
      var damaged = text
      damaged[place] ^= 1 << UInt8(bit)
      try scratch.put(damaged, "record.json")
      let found = refusal { () throws(Refusal) in
        _ = try SealedRecord.read(scratch.file("record.json"))
      }
      #expect(found?.file == scratch.file("record.json"), "bit \(bit) of byte \(place)")
    }
  }
  try scratch.put(Array("{\"run\": 1}".utf8), "record.json")
  #expect(
    refusal { () throws(Refusal) in _ = try SealedRecord.read(scratch.file("record.json")) }?.found
      .contains("digest") == true)
}

/// A lease's text with the checksum that fits it.
private func sealed(_ text: String) throws -> [UInt8] {
  let end = try #require(text.firstIndex(of: "\n"))
  let check = try #require(text.range(of: "\"check\": \""))
  let line = text[..<check.lowerBound]
  let rest = text[text.index(after: end)...]
  let digits = String(CRC32C.of(Array(line.utf8) + Array(rest.utf8)), radix: 16)
  let padding = String(repeating: "0", count: 8 - digits.count)
  return Array("\(line)\"check\": \"\(padding)\(digits)\",\n\(rest)".utf8)
}

@Test func `a reader is told who holds a folder, and whether they live`() throws {
  let scratch = try Scratch()
  let path = scratch.file("run")
  let spec = RunSpec(toml: "a = 1\n", json: "{}")
  let claim = try RunFolder.claim(
    path, spec: spec, provenance: [], by: FileWriter(run: try runID(1), rank: 0))
  let lease = "run/lease/00001"
  func life(_ change: (inout String) -> Void = { _ in }) throws -> RunHolder.Life? {
    let old = try scratch.bytes(lease)
    var text = String(decoding: old, as: UTF8.self)
    change(&text)
    try scratch.put(try sealed(text), lease)
    defer { try? scratch.put(old, lease) }
    return try RunHolder.of(try RunFolder.open(path))?.life
  }
  let holder = try #require(try RunHolder.of(claim.folder))
  #expect(holder.life == .alive && holder.process == Int(getpid()))
  #expect(holder.run == claim.lock.run)
  // Another process had this number.
  #expect(try life { $0.replace("\"started\": ", with: "\"started\": 1") } == .gone)
  // On another host only the age of the lease can tell.
  let elsewhere: (inout String) -> Void = { $0.replace("\"host\": \"", with: "\"host\": \"far-") }
  #expect(try life(elsewhere) == .alive)
  let url = URL(fileURLWithPath: scratch.file(lease))
  var text = String(decoding: try scratch.bytes(lease), as: UTF8.self)
  elsewhere(&text)
  try scratch.put(try sealed(text), lease)
  try FileManager.default.setAttributes(
    [.modificationDate: Date(timeIntervalSinceNow: -600)], ofItemAtPath: url.path)
  guard case .silent(let seconds)? = try RunHolder.of(claim.folder)?.life else {
    Issue.record("not silent")
    return
  }
  #expect((599...660).contains(seconds))
}

@Test func `a folder that was given back says so`() throws {
  let scratch = try Scratch()
  let claim = try RunFolder.claim(
    scratch.file("run"), spec: RunSpec(toml: "", json: "{}"), provenance: [],
    by: FileWriter(run: try runID(1), rank: 0))
  try claim.lock.release()
  #expect(try RunHolder.of(claim.folder)?.life == .released)
}

@Test func `the digests of the job tell a damaged record from a damaged specification`() throws {
  let scratch = try Scratch()
  let path = scratch.file("run")
  _ = try RunFolder.claim(
    path, spec: RunSpec(toml: "a = 1\n", json: "{}"), provenance: [.init("seed", 7)],
    by: FileWriter(run: try runID(1), rank: 0))
  let folder = try RunFolder.open(path)
  #expect(try folder.checkedProvenance()["seed"].int() == 7)
  let record = try scratch.bytes("run/provenance.json")
  func fault() -> Refusal? {
    refusal { () throws(Refusal) in _ = try RunFolder.open(path).checkedProvenance() }
  }
  try scratch.put(Array("a = 2\n".utf8), "run/spec.toml")
  #expect(fault()?.file == path + "/spec.toml")
  try scratch.put(Array("a = 1\n".utf8), "run/spec.toml")
  try scratch.put(Array("{ }".utf8), "run/spec.json")
  #expect(fault()?.file == path + "/spec.json")
  try scratch.put(Array("{}".utf8), "run/spec.json")
  let damaged = String(decoding: record, as: UTF8.self)
    .replacing("\"spec_digest\": \"\(folder.spec.digest.prefix(1))", with: "\"spec_digest\": \"z")
  try scratch.put(Array(damaged.utf8), "run/provenance.json")
  #expect(fault()?.file == path + "/provenance.json")
  try scratch.put(record, "run/provenance.json")
  #expect(fault() == nil)
}
