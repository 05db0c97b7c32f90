import Cluster
import Foundation
import Inputs
import ResultsStore
import Testing
import _TestSupport

@testable import Experiments

/// A look at a run of a million units.
@Suite struct StatusScaleTests {
  #if DEBUG
    static let isOptimised = false
  #else
    static let isOptimised = true
  #endif

  private static let job = """
    filter = "none"
    [corrupt]
    noise = 2
    samples = 160
    [[restore]]
    site = "block_output"
    [[restore]]
    site = "mlp_output"
    [[restore]]
    site = "attention_output"
    """

  /// Facts of a few lengths, as data sets have them.
  private static func facts(_ count: Int) -> [TinyRun.Fact] {
    (0..<count).map { number in
      let (length, first) = (9 + number % 4, number % 3)
      return TinyRun.Fact(
        ids: (0..<length).map { ($0 * 7 + number) % 40 }, subject: first..<first + 2,
        answer: number % 40)
    }
  }

  /// A run that was stopped as soon as it had begun, and journals of all but the last units.
  private func run(facts count: Int, ranks: Int) throws -> (tiny: TinyRun, units: Int, left: Int) {
    let tiny = try TinyRun(facts: Self.facts(count), job: Self.job)
    let stop = StopSignal()
    stop.request()
    #expect(try tiny.run(stop: stop) == .stopped)
    let folder = try RunFolder.open(tiny.path)
    let table = try tiny.reader().table
    let plan = table.plan
    let left = 1000
    let last = plan.factCount + plan.units.count - left
    for rank in 0..<ranks {
      var journal = try JournalWriter.open(
        in: folder.journal, job: folder.spec.digest, run: try #require(RunID("00000000000000aa")),
        rank: rank)
      for unit in stride(from: rank, to: last, by: ranks) {
        let bytes =
          if let cells = plan.unit(unit)?.cells {
            [UInt8](repeating: 1, count: 4 * TraceMetrics.count * cells.count)
          } else {
            TraceBaseline(
              top: 1, foil: 2, clean: Self.metrics,
              corrupted: Array(repeating: Self.metrics, count: table.grid.samples)
            ).bytes
          }
        try journal.append(JournalRecord(.result, unit: UInt64(unit), payload: bytes))
        try journal.append(UnitTime(seconds: 0.1 * Double(1 + rank)).record(of: unit))
        if journal.pendingBytes > 1 << 20 { try journal.commit() }
      }
      try journal.commit()
    }
    return (tiny, plan.factCount + plan.units.count, left)
  }

  private static let metrics = TraceMetrics(
    probability: 0.5, logProbability: -0.7, logitDifference: 1)

  private func expectTold(_ status: TinyRun.Told, units: Int, left: Int) throws {
    #expect(try status.json["units"]["total"].int() == units)
    #expect(try status.left == left)
    #expect(status.exitCode == 75)
    #expect(try (status.coreHours ?? 0) > 0)
  }

  @Test func `status counts what the journals of several ranks hold`() throws {
    let (tiny, units, left) = try run(facts: 40, ranks: 3)
    #expect(units > 1000)
    try expectTold(try tiny.status(), units: units, left: left)
  }

  @Test(
    .enabled(
      if: runsSlowTests && isOptimised, "takes a minute: set CAUSEWAY_SLOW_TESTS, in release"))
  func `status of a million units takes less than a second`() throws {
    let (tiny, units, left) = try run(facts: 16_000, ranks: 8)
    #expect(units >= 1_000_000)
    // The second time, as files that were just written are still on their way to the disk.
    _ = try tiny.status()
    var told: TinyRun.Told?
    let seconds = try processorSeconds { told = try tiny.status() }
    let status = try #require(told)
    print("status of \(units) units in \(seconds) s")
    try expectTold(status, units: units, left: left)
    #expect(seconds < 1)
  }
}
