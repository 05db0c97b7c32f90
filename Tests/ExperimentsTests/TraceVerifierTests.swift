import Foundation
import Inputs
import Models
import ResultsStore
import Testing
import _TestSupport

@testable import Experiments

struct TraceVerifierTests {
  /// A run that has come to its end.
  private func finishedRun(_ job: String = "") throws -> TinyRun {
    let run = try TinyRun(job: job)
    try run.run()
    return run
  }

  @Test func `a finished run has no fault, and its units come out again to the bit`() throws {
    let run = try finishedRun()
    let report = try run.verify { $0.recompute = 1 }
    #expect(report.faults.isEmpty && report.notes.isEmpty, "\(report)")
    #expect(report.exitCode == 0)
    #expect(report.lines.contains { $0.hasPrefix("checked 9 units by running them again") })
    #expect(report.lines.contains("checked 1 journals with 9 results"))
    #expect(report.lines.last == "no fault")
  }

  @Test func `a stopped run is whole, and its units are counted`() throws {
    let run = try TinyRun()
    try run.run(stoppingAfter: 2)
    let report = try run.verify()
    #expect(report.faults.isEmpty, "\(report.faults)")
    #expect(report.exitCode == 75 && report.unitsLeft > 0)
    try run.run()
    #expect(try run.verify().exitCode == 0)
  }

  @Test func `a run that goes on is never found at fault`() async throws {
    let run = try TinyRun(facts: (0..<12).map { TinyRun.facts[$0 % 3] })
    let running = Task.detached { try run.run(pause: 0.03) }
    defer { running.cancel() }
    var unfinished = 0
    var isDone = false
    while !isDone {
      // The folder is not a run's before the first start has written its specification.
      guard FileManager.default.fileExists(atPath: run.path + "/spec.json") else {
        try await Task.sleep(for: .milliseconds(1))
        continue
      }
      let report = try run.verify()
      #expect(report.faults.isEmpty, "\(report.faults)")
      let progress = try TraceProgress(run.path)
      #expect(progress.notes.isEmpty, "\(progress.notes)")
      isDone = progress.attempts.attempts.contains { $0.end != nil }
      if !isDone, report.isPlanned {
        unfinished += 1
        #expect(progress.holder?.life == .alive)
      }
    }
    #expect(try await running.value == .finished(facts: 12, traced: 12, units: 36, failed: 0))
    #expect(try run.verify().exitCode == 0)
    #expect(unfinished > 0)
  }

  @Test func `a flipped bit in any file is found, and the file is named`() throws {
    let run = try finishedRun()
    let files = run.files()
    #expect(files.count > 60)
    var random = SeededFlips(state: 3)
    for file in files {
      let url = URL(fileURLWithPath: "\(run.path)/\(file)")
      let whole = try Data(contentsOf: url)
      // The journal, from which all else can be made again, more often than the rest.
      for _ in 0..<(file.hasPrefix("journal/") ? 20 : 1) {
        let place = Int(random.next() % UInt64(whole.count))
        var bytes = Array(whole)
        bytes[place] ^= 1 << UInt8(random.next() % 8)
        try Data(bytes).write(to: url)
        let faults = faults(run)
        #expect(
          faults.contains { $0.file.hasSuffix(file) } || isMetadata(file, faults),
          "byte \(place) of \(file): \(faults)")
      }
      try whole.write(to: url)
    }
    #expect(faults(run).isEmpty)
  }

  /// Every 29th byte of each file, every one with `CAUSEWAY_SLOW_TESTS`, which takes ten minutes.
  @Test func `a changed byte anywhere in a small run's folder is found`() throws {
    let run = try TinyRun(facts: [TinyRun.facts[2]])
    try run.run()
    #expect(faults(run).isEmpty)
    let step = runsSlowTests ? 1 : 29
    var bytes = 0
    for file in run.files() {
      let descriptor = open("\(run.path)/\(file)", O_RDWR)
      try #require(descriptor >= 0)
      defer { close(descriptor) }
      var missed: [Int] = []
      let size = Int(lseek(descriptor, 0, SEEK_END))
      for place in stride(from: bytes % step, to: size, by: step) {
        // Another bit at each byte; all eight of a byte pass through the same checksums.
        var byte: UInt8 = 0
        pread(descriptor, &byte, 1, off_t(place))
        var flipped = byte ^ 1 << UInt8(place * 5 % 8)
        pwrite(descriptor, &flipped, 1, off_t(place))
        if faults(run).isEmpty { missed.append(place) }
        pwrite(descriptor, &byte, 1, off_t(place))
        bytes += 1
      }
      #expect(missed.isEmpty, "\(file)")
    }
    #expect(faults(run).isEmpty)
    #expect(bytes > 500)
  }

  @Test func `a file that was cut or removed is named`() throws {
    let run = try finishedRun()
    for file in run.files() where !file.hasPrefix("lease/") && !file.hasPrefix("log/") {
      let url = URL(fileURLWithPath: "\(run.path)/\(file)")
      let whole = try Data(contentsOf: url)
      try whole.dropLast(1).write(to: url)
      let cut = faults(run)
      #expect(
        cut.contains { $0.file.hasSuffix(file) } || isMetadata(file, cut)
          // What a kill can leave of a journal is no fault; that its unit is gone is one.
          || file.hasPrefix("journal/"), "\(file) cut: \(cut)")
      try FileManager.default.removeItem(at: url)
      let gone = faults(run)
      // A folder without its specification is no run's; a journal is missed by its units.
      let names = [file, file.hasPrefix("journal/") ? "/journal" : "/run"]
      #expect(
        gone.contains { fault in names.contains { fault.file.hasSuffix($0) } },
        "\(file) removed: \(gone)")
      try whole.write(to: url)
    }
  }

  /// What verifying finds, or what keeps it from beginning.
  private func faults(_ run: TinyRun) -> [Refusal] {
    do throws(Refusal) { return try run.verify().faults } catch { return [error] }
  }

  /// The metadata of an array stands in its own file and in the root's: either can be the one named.
  private func isMetadata(_ file: String, _ faults: [Refusal]) -> Bool {
    file.hasSuffix("zarr.json")
      && faults.contains { $0.file.contains("results.zarr") && $0.file.hasSuffix("zarr.json") }
  }

  @Test func `values that are not the journals' are found though their checksums are right`() throws
  {
    let run = try finishedRun()
    let reader = try run.reader()
    let array = try reader.store.array("log_probability")
    let index = [1, 0, 0, 0, 0]
    var values = try #require(try array.readChunk(index, as: Float.self))
    values[(2 * 6 + 5) * 2 + 1] += 0.25
    try array.write(chunk: index, values, by: files())
    let fault = try #require(try run.verify().faults.first)
    #expect(fault.file.hasSuffix("log_probability/c.1.0.0.0.0"))
    #expect(fault.field == "fact 1, site 0, layer 2, position 5, sample 1")
    #expect(fault.expected.contains("as the journals say"))
    // The same command mends it.
    try run.run()
    #expect(try run.verify().faults.isEmpty)
  }

  @Test func `two results of a unit that differ are found, and equal ones are counted`() throws {
    let run = try finishedRun()
    let reader = try run.reader()
    let journals = try TraceJournals(reader.folder, reader.grid, reader.plan)
    let payload = try #require(journals.entries[4]?.payload)
    func append(_ payload: [UInt8]) throws {
      var writer = try JournalWriter.open(
        in: reader.folder.journal, job: reader.folder.spec.digest, run: files().run, rank: 1)
      try writer.append(JournalRecord(.result, unit: 4, payload: payload))
      try writer.commit()
    }
    try append(payload)
    #expect(try run.verify().notes == ["1 results stand in two journals, all alike"])
    var changed = payload
    changed[0] ^= 1
    try append(changed)
    let fault = try #require(try run.verify().faults.first)
    #expect(fault.file.hasSuffix("rank-00001.2.zst") && fault.field.hasPrefix("unit 4, offset"))
  }

  @Test func `a result that is off by one unit in the last place is found by running it again`()
    throws
  {
    let run = try finishedRun()
    let reader = try run.reader()
    var payload = try #require(
      try TraceJournals(reader.folder, reader.grid, reader.plan).entries[5]?.payload)
    // The last bit of the first logit difference, which no other check can know.
    payload[8] ^= 1
    try replaceResult(of: 5, by: payload, in: run)
    try run.run()
    #expect(try run.verify().faults.isEmpty)
    let faults = try run.verify { $0.recompute = 1 }.faults
    #expect(faults.count == 1)
    let fault = try #require(faults.first)
    #expect(fault.field.hasPrefix("unit 5, fact f1, block_output, layer 0, position"))
    #expect(fault.found.contains("of rank 0"))
    #expect(fault.expected.contains("running it again"))
  }

  @Test func `what cannot be a metric is found, with the cell`() throws {
    let run = try finishedRun()
    let reader = try run.reader()
    let payload = try #require(
      try TraceJournals(reader.folder, reader.grid, reader.plan).entries[3]?.payload)
    func change(_ place: Int, _ value: Float) throws -> Refusal? {
      var payload = payload
      payload.replaceSubrange(4 * place..<4 * place + 4, with: bytes(of: value))
      try replaceResult(of: 3, by: payload, in: run)
      return try run.verify().faults.first { $0.file.contains("journal") }
    }
    let infinite = try #require(try change(5, .infinity))
    #expect(infinite.found == "logit_difference inf")
    #expect(infinite.field.hasPrefix("unit 3, fact f0, block_output, layer 0, position"))
    #expect(infinite.field.hasSuffix("sample 1"))
    #expect(try change(0, 1.5)?.found == "probability 1.5")
    #expect(try change(1, -0.5)?.expected == "the logarithm of the probability")
  }

  @Test func `noise that changes nothing, and an axis that is the same throughout, are told`()
    throws
  {
    let run = try finishedRun(TinyRun.job(noise: 1e-30))
    let report = try run.verify()
    #expect(report.faults.isEmpty && report.exitCode == 0)
    for text in [
      "the noise changes nothing: corrupted runs equal the clean run, in 3 facts (f0, f1, f2)",
      "block_output is bit-identical over all samples, in 3 facts (f0, f1, f2)",
      "block_output is bit-identical over all layers, in 3 facts (f0, f1, f2)",
      "mlp_output restores nothing: every cell equals the corrupted run, in 3 facts (f0, f1, f2)",
    ] { #expect(report.notes.contains(text), "\(report.notes)") }
  }

  @Test func `axes are compared one by one`() {
    func metric(_ value: Float) -> TraceMetrics {
      TraceMetrics(probability: value, logProbability: value, logitDifference: value)
    }
    let cells = (0..<2).flatMap { layer in
      (0..<2).map { TraceCells.Place(layer: layer, position: $0) }
    }
    let byPosition = cells.flatMap { cell in (0..<2).map { _ in metric(Float(cell.position)) } }
    #expect(TraceSelfTests.identicalAxes(cells, byPosition, 2) == ["samples", "layers"])
    let bySample = cells.flatMap { _ in (0..<2).map { metric(Float($0)) } }
    #expect(TraceSelfTests.identicalAxes(cells, bySample, 2) == ["layers", "positions"])
    #expect(TraceSelfTests.identicalAxes(cells, (0..<8).map { metric(Float($0)) }, 2).isEmpty)
    // A single sample is no axis.
    #expect(TraceSelfTests.identicalAxes(cells, (0..<4).map { metric(Float($0)) }, 1).isEmpty)
  }

  @Test func `without the model the rest is checked, and that is said`() throws {
    let run = try finishedRun()
    try FileManager.default.moveItem(atPath: run.root + "/model", toPath: run.root + "/gone")
    let report = try run.verify()
    #expect(report.faults.isEmpty && report.exitCode == 0)
    #expect(report.notes.contains { $0.hasPrefix("labels not checked against model and facts") })
    try expectRefusal(naming: "model", kind: .model) { () throws(Refusal) in
      try run.verify { $0.recompute = 0.1 }
    }
    // Moved with the job, it is found where the caller says.
    try FileManager.default.createDirectory(
      atPath: run.root + "/other", withIntermediateDirectories: true)
    try FileManager.default.moveItem(atPath: run.root + "/gone", toPath: run.root + "/other/model")
    try FileManager.default.moveItem(
      atPath: run.root + "/facts.json", toPath: run.root + "/other/facts.json")
    let other = try run.verify {
      $0.pathsFrom = run.root + "/other"
      $0.recompute = 0.1
    }
    #expect(other.faults.isEmpty && other.notes.isEmpty, "\(other)")
  }

  /// Writes the journals anew, with another result for a unit.
  private func replaceResult(of unit: Int, by payload: [UInt8], in run: TinyRun) throws {
    let reader = try run.reader()
    let entries = try TraceJournals(reader.folder, reader.grid, reader.plan).entries
    for file in try JournalReader.files(in: reader.folder.journal) {
      try FileManager.default.removeItem(atPath: file)
    }
    var writer = try JournalWriter.open(
      in: reader.folder.journal, job: reader.folder.spec.digest, run: files().run, rank: 0)
    for (number, entry) in entries.sorted(by: { $0.key < $1.key }) {
      let bytes = number == unit ? payload : entry.payload
      try writer.append(JournalRecord(.result, unit: UInt64(number), payload: bytes))
    }
    try writer.commit()
  }

  private func files() -> FileWriter {
    var random = SystemRandomNumberGenerator()
    return FileWriter(run: RunID(using: &random), rank: 0)
  }

  private func bytes(of value: Float) -> [UInt8] {
    withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
  }
}

/// A seeded generator, so that a failure comes again.
private struct SeededFlips {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state >> 33
  }
}
