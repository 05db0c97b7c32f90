import Foundation
import Inputs
import Testing

@testable import ResultsStore

private let spec = RunSpec(
  toml: "[sweep]\nlayers = [0, 1]\n",
  json: #"{"model": {"path": "m"}, "sweep": {"layers": [0, 1], "heads": "all"}}"#)

private func claim(
  _ path: String, _ run: Int, spec: RunSpec = spec, takeOver: Bool = false
) throws -> RunFolder.Claim {
  var patience = RunLock.Patience()
  patience.interval = .milliseconds(20)
  patience.polls = 3
  patience.takeOver = takeOver
  return try RunFolder.claim(
    path, spec: spec, provenance: [.init("seed", 7)],
    by: FileWriter(run: try runID(run), rank: 0), patience: patience)
}

/// The refusal that a claim ends in.
private func refused(_ work: () throws -> Void) -> Refusal? {
  do {
    try work()
    return nil
  } catch { return error as? Refusal }
}

@Test func `a run's folder is made, released and taken up again`() throws {
  let scratch = try Scratch()
  let path = scratch.file("deep/er/run")
  let first = try claim(path + "/", 1)
  #expect(first.isNew && first.folder.spec == spec && first.lock.earlier.isEmpty)
  #expect(
    try namesInFolder(path) == [
      "figures", "interventions", "journal", "lease", "log", "outline.json", "provenance.json",
      "spec.json", "spec.toml",
    ])
  try first.lock.heartbeat()
  try first.lock.release()
  let second = try claim(path, 2)
  #expect(!second.isNew && second.lock.tookOver == nil)
  #expect(second.lock.earlier == [try runID(1)])
  let read = try RunFolder.open(path)
  #expect(read.spec == spec && read.journal == path + "/journal")
  let record = try JSONField.load(read.provenance, kind: .store)
  #expect(try record["seed"].int() == 7)
  #expect(try record["spec_digest"].string() == spec.digest)
}

@Test func `a second run is refused, naming the holder`() throws {
  let scratch = try Scratch()
  let path = scratch.file("run")
  let first = try claim(path, 1)
  let error = try #require(refused { _ = try claim(path, 2) })
  #expect(error.kind == .store && error.file == path + "/lease/00001")
  for word in [
    "run \(first.lock.run)", "host \(ProcessInfo.processInfo.hostName.prefix(3))",
    "process \(getpid())", "since 20", "alive", "--take-over",
  ] { #expect(error.description.contains(word), "\(error), wanted \(word)") }
  try first.lock.heartbeat()
}

@Test func `a folder taken over by wish is lost to its holder`() throws {
  let scratch = try Scratch()
  let path = scratch.file("run")
  let first = try claim(path, 1)
  let second = try claim(path, 2, takeOver: true)
  #expect(second.lock.tookOver?.contains("taken over as asked") == true)
  let lost = refusal { () throws(Refusal) in try first.lock.heartbeat() }
  #expect(lost?.found.contains("run \(second.lock.run)") == true && lost?.kind == .store)
  #expect(refusal { () throws(Refusal) in try first.lock.release() } != nil)
  try second.lock.heartbeat()
}

@Test func `a changed job is refused, naming each field, old and new`() throws {
  let scratch = try Scratch()
  let path = scratch.file("run")
  try claim(path, 1).lock.release()
  let before = try scratch.tree()
  let changed = RunSpec(
    toml: "",
    json: #"{"model": {"path": "n"}, "sweep": {"layers": [0, 2], "positions": [1]}}"#)
  let error = try #require(refused { _ = try claim(path, 2, spec: changed) })
  #expect(error.kind == .job && error.field == "model.path")
  for word in [
    #"model.path = "n" where the run has "m""#, "sweep.layers[1] = 2 where the run has 1",
    #"sweep.heads = (absent) where the run has "all""#,
    "sweep.positions = [1] where the run has none", "another folder",
  ] { #expect(error.description.contains(word), "\(error), wanted \(word)") }
  #expect(try scratch.tree() == before)
}

@Test func `a damaged specification is told from a changed job`() throws {
  let scratch = try Scratch()
  let path = scratch.file("run")
  try claim(path, 1).lock.release()
  try scratch.put(Array(spec.json.replacing("0, 1", with: "0, 2").utf8), "run/spec.json")
  let error = try #require(refused { _ = try claim(path, 2) })
  #expect(error.kind == .store && error.found.contains("damaged"))
  #expect(refused { _ = try RunFolder.open(path) }?.kind == .store)
}

@Test func `a folder of something else is refused and left as it is`() throws {
  let scratch = try Scratch()
  try FileManager.default.createDirectory(
    atPath: scratch.file("thesis"), withIntermediateDirectories: true)
  try scratch.put([1], "thesis/chapter.tex")
  try scratch.put([1], "file")
  let error = try #require(refused { _ = try claim(scratch.file("thesis"), 1) })
  #expect(error.kind == .store && error.found.contains("chapter.tex"))
  #expect(try scratch.tree() == ["file", "thesis/chapter.tex"])
  #expect(refused { _ = try claim(scratch.file("file"), 1) }?.found == "a file")
  #expect(
    refused { _ = try RunFolder.open(scratch.file("thesis")) }?.found.contains("not a run folder")
      == true)
  #expect(refused { _ = try RunFolder.open(scratch.file("none")) }?.found == "nothing")
}

@Test func `journals without a specification are refused, not started over`() throws {
  let scratch = try Scratch()
  let path = scratch.file("run")
  let first = try claim(path, 1)
  _ = try JournalWriter.open(
    in: first.folder.journal, job: spec.digest, run: first.lock.run, rank: 0)
  try first.lock.release()
  try FileManager.default.removeItem(atPath: path + "/spec.json")
  let error = try #require(refused { _ = try claim(path, 2) })
  #expect(error.found == "no spec.json, but journal/rank-00000.1.zst")
}

@Test func `a start that was killed before the specification is done again`() throws {
  let scratch = try Scratch()
  let path = scratch.file("run")
  try claim(path, 1).lock.release()
  for name in ["spec.json", "spec.toml"] {
    try FileManager.default.removeItem(atPath: "\(path)/\(name)")
  }
  try scratch.put([1], "run/.tmp-0000000000000001-0-4")
  let second = try claim(path, 2)
  #expect(second.isNew && second.removed == [path + "/.tmp-0000000000000001-0-4"])
}

@Test func `temporary files of earlier runs are removed, other files never`() throws {
  let scratch = try Scratch()
  let path = scratch.file("run")
  try claim(path, 1).lock.release()
  try FileManager.default.createDirectory(
    atPath: path + "/results.zarr/a", withIntermediateDirectories: true)
  let (own, others) = (
    ["run/results.zarr/a/.tmp-0000000000000001-3-9", "run/.tmp-0000000000000001-0-1"],
    [
      "run/.tmp-0000000000000005-0-1", "run/journal/.tmp-x", "run/notes.txt",
      "run/log/.tmp-0000000000000001-0-1.log",
    ]
  )
  for name in own + others { try scratch.put([1], name) }
  let second = try claim(path, 2)
  #expect(Set(second.removed) == Set(own.map { scratch.file($0) }))
  let left = try scratch.tree()
  #expect(others.allSatisfy { left.contains($0) } && !own.contains { left.contains($0) })
}

@Test func `a link in place of a run's folder inside is not followed`() throws {
  let scratch = try Scratch()
  let path = scratch.file("run")
  try claim(path, 1).lock.release()
  try FileManager.default.removeItem(atPath: path + "/journal")
  try FileManager.default.createSymbolicLink(
    atPath: path + "/journal", withDestinationPath: scratch.path)
  let error = try #require(refused { _ = try claim(path, 2) })
  #expect(error.file == path + "/journal" && error.found == "a symbolic link")
}

@Test func `of many that start in one instant exactly one wins`() async throws {
  for round in 0..<20 {
    let scratch = try Scratch()
    let path = scratch.file("run")
    let claims = await withTaskGroup(of: RunFolder.Claim?.self) { group in
      for run in 1...8 {
        group.addTask { try? claim(path, 10 * round + run) }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(claims.count { $0 != nil } == 1)
  }
}
