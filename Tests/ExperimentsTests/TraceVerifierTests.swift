import Foundation
import Inputs
import Locks
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
    // The run does a unit for each look at it, at the same time.
    let (looked, ended) = (DispatchSemaphore(value: 0), Locked(0))
    let running = Task.detached {
      try run.run(between: {
        ended.withLock { $0 += 1 }
        looked.wait()
      })
    }
    defer { for _ in 0..<1000 { looked.signal() } }
    var (unfinished, released) = (0, 0)
    var isDone = false
    while !isDone {
      // The folder is not a run's before the first start has written its specification.
      guard FileManager.default.fileExists(atPath: run.path + "/spec.json") else {
        try await Task.sleep(for: .milliseconds(1))
        continue
      }
      if ended.withLock({ $0 }) > released {
        released += 1
        looked.signal()
      }
      let report = try run.verify()
      #expect(report.faults.isEmpty, "\(report.faults)")
      let status = try run.status()
      #expect(try status.notes == 0, "\(status.lines)")
      isDone = try status.json["starts"].items().contains { (start) in
        try start.optional("end") != nil
      }
      if !isDone, report.isPlanned {
        unfinished += 1
        #expect(try status.json["holder"]["life"].string() == "alive")
      }
    }
    #expect(try await running.value == TinyRun.finished(units: 36, facts: 12))
    #expect(try run.verify().exitCode == 0)
    #expect(unfinished > 0)
  }

  @Test func `values that are not the journals' are found though their checksums are right`() throws
  {
    let run = try finishedRun()
    let array = try run.array("log_probability")
    // All facts' chunks share a file.
    var blocks: [[Int]: ArrayValues] = [:]
    for fact in 0..<3 {
      for site in 0..<2 {
        blocks[[fact, site]] = try ArrayValues.read(array, chunk: [fact, site, 0, 0, 0])
      }
    }
    guard case .floats(var values)? = blocks[[1, 0]] else {
      Issue.record("no floats")
      return
    }
    let place = (2 * 6 + 5) * 2 + 1
    values[place] += 0.25
    blocks[[1, 0]] = .floats(values)
    try ArrayValues.write(blocks, to: array, file: 0, by: files())
    let fault = try #require(try run.verify().faults.first)
    #expect(fault.file.hasSuffix("log_probability/c.0.0.0.0.0"))
    #expect(fault.field == "block [1, 0], element \(place)")
    #expect(fault.expected.contains("as the journals have it"))
    // The same command mends it.
    try run.run()
    #expect(try run.verify().faults.isEmpty)
  }

  @Test func `two results of a unit that differ are found, and equal ones are counted`() throws {
    let run = try finishedRun()
    let reader = try run.reader()
    let entry = try #require(try run.journals().entries[4])
    let (payload, made) = (entry.payload, try #require(entry.run))
    func append(_ payload: [UInt8]) throws {
      var writer = try JournalWriter.open(
        in: reader.folder.journal, job: reader.folder.spec.digest, run: made, rank: 1)
      try writer.append(JournalRecord(.result, unit: 4, payload: payload))
      try writer.commit()
    }
    try append(payload)
    #expect(
      try run.verify().lines.contains {
        $0.hasPrefix("checked 2 journals with 9 results, 1 of them twice")
      })
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
    var payload = try #require(try run.journals().entries[5]?.payload)
    // The last bit of the first logit difference, which no other check can know.
    payload[8] ^= 1
    try replaceResult(of: 5, by: payload, in: run)
    try run.run()
    #expect(try run.verify().faults.isEmpty)
    let faults = try run.verify { $0.recompute = 1 }.faults
    #expect(faults.count == 1)
    let fault = try #require(faults.first)
    #expect(fault.field == "unit 5 (fact f1, block_output)")
    #expect(fault.found.contains("running it again gives, from byte 8 on, made by rank 0"))
    #expect(fault.expected == "the same bytes")
  }

  @Test func `what cannot be a metric is found, with the cell`() throws {
    let run = try finishedRun()
    let payload = try #require(try run.journals().entries[3]?.payload)
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
    #expect(TraceAudit.identicalAxes(cells, byPosition, 2) == ["samples", "layers"])
    let bySample = cells.flatMap { _ in (0..<2).map { metric(Float($0)) } }
    #expect(TraceAudit.identicalAxes(cells, bySample, 2) == ["layers", "positions"])
    #expect(TraceAudit.identicalAxes(cells, (0..<8).map { metric(Float($0)) }, 2).isEmpty)
    // A single sample is no axis.
    #expect(TraceAudit.identicalAxes(cells, (0..<4).map { metric(Float($0)) }, 1).isEmpty)
  }

  @Test func `without the model all is checked but that units come out again`() throws {
    let run = try finishedRun()
    try FileManager.default.moveItem(atPath: run.root + "/model", toPath: run.root + "/gone")
    let report = try run.verify()
    #expect(report.faults.isEmpty && report.exitCode == 0)
    let missed = try run.verify { $0.recompute = 0.1 }
    #expect(missed.faults.count == 1 && missed.faults[0].file.contains("model"), "\(missed)")
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
    let folder = try run.reader().folder
    let entries = try run.journals().entries
    let made = try #require(entries.values.first?.run)
    for file in try JournalReader.files(in: folder.journal) {
      try FileManager.default.removeItem(atPath: file)
    }
    var writer = try JournalWriter.open(
      in: folder.journal, job: folder.spec.digest, run: made, rank: 0)
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
