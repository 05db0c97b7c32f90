import Cluster
import Foundation
import Inputs
import Interventions
import ResultsStore
import Testing

@testable import Experiments

/// What a rank's death leaves, and what the next start makes of it.
@Suite struct UnitDeathsTests {
  private struct Search: Resumable {
    static let content = CheckpointFile.Content.search
    var history = TrainingHistory()

    init(step: Int) { history.step = step }
  }

  /// A finished run whose starts can be told otherwise.
  private func folder() throws -> (tiny: TinyRun, folder: RunFolder) {
    let tiny = try TinyRun()
    _ = try tiny.run()
    return (tiny, try RunFolder.open(tiny.path))
  }

  /// Lets a start of so many ranks leave the files of some of them.
  private func leave(
    _ folder: RunFolder, run: Int, ranks: Int, inFlight: [Int: [Int]]
  ) throws {
    let id = try runID(run)
    let record: [Attribute.Member] = [
      .init("run", .text(id.description)), .init("start", .text("2026-01-0\(run)T00:00:00Z")),
      .init("ranks", .integer(ranks)),
      .init("hosts", .list((0..<ranks).map { .text("host\($0)") })),
    ]
    try Data(SealedRecord.text(record).utf8).write(
      to: URL(fileURLWithPath: "\(folder.log)/attempt-\(id).json"))
    for (rank, units) in inFlight {
      var bytes: [UInt8] = []
      for unit in units {
        withUnsafeBytes(of: UInt64(unit + 1).littleEndian) { bytes.append(contentsOf: $0) }
      }
      try Data(bytes).write(
        to: URL(fileURLWithPath: "\(folder.log)/in-flight-\(id)-\(rank)"))
    }
  }

  private func runID(_ number: Int) throws -> RunID {
    try #require(RunID(String(repeating: "\(number)", count: 16)))
  }

  private func notes(_ folder: RunFolder) throws -> [JournalRecord] {
    try JournalReader.readAll(folder.journal, job: folder.spec.digest).notes
  }

  @Test func `units of a rank that died while others lived are counted, once a start`() throws {
    let (tiny, folder) = try folder()
    // Its folder lasts as long as it does.
    defer { withExtendedLifetime(tiny) {} }
    for start in 1...3 {
      try leave(folder, run: start, ranks: 2, inFlight: [1: [7, 2]])
      let deaths = try UnitDeaths(folder, notes: try notes(folder), unitCount: 100)
      #expect(deaths.counts == [7: start, 2: start])
      #expect(deaths.lines.count == 2)
      #expect(deaths.lines[1].contains("unit 7 was in flight when rank 1 on host host1"))
      let journal = RankJournal(
        RunStart(
          folder: folder.path, digest: folder.spec.digest, run: try runID(9), done: [],
          deaths: [:]), rank: 0)
      try deaths.record(in: journal)
      // The file is gone, the journal remembers, and nothing is counted twice.
      #expect(try UnitsInFlight.left(in: folder.log).isEmpty)
      let again = try UnitDeaths(folder, notes: try notes(folder), unitCount: 100)
      #expect(again.counts == deaths.counts && again.news.isEmpty)
    }
    let deaths = try UnitDeaths(folder, notes: try notes(folder), unitCount: 100)
    let sorted = UnitDeaths.sort(
      [1, 2, 7].map { WorkUnit(number: $0, cost: 1) }, by: deaths.counts)
    #expect(sorted.usual.map(\.number) == [1])
    #expect(sorted.alone.isEmpty)
    #expect(sorted.givenUp.map(\.number) == [2, 7])
  }

  @Test func `only deaths that left the checkpoint where it was count`() throws {
    let (tiny, folder) = try folder()
    defer { withExtendedLifetime(tiny) {} }
    let path = TrainingFiles.checkpoint(of: 7, in: folder.path)
    try FileManager.default.createDirectory(
      atPath: TrainingFiles.checkpoints(in: folder.path), withIntermediateDirectories: true)
    let journal = RankJournal(
      RunStart(
        folder: folder.path, digest: folder.spec.digest, run: try runID(9), done: [], deaths: [:]),
      rank: 0)
    // The step of the checkpoint at each death, and what counts after it.
    let deaths = [(0, 1), (0, 2), (30, 1), (60, 1), (60, 2), (60, 3)]
    for (start, (step, count)) in deaths.enumerated() {
      if step > 0 {
        let state = Search(step: step)
        try Data(try CheckpointFile.bytes(state, job: "j", unit: 7)).write(
          to: URL(fileURLWithPath: path))
      }
      try leave(folder, run: start + 1, ranks: 2, inFlight: [1: [7, 2]])
      let found = try UnitDeaths(folder, notes: try notes(folder), unitCount: 100)
      #expect(found.counts == [7: count, 2: start + 1], "death \(start)")
      try found.record(in: journal)
      // The journal alone says the same.
      let again = try UnitDeaths(folder, notes: try notes(folder), unitCount: 100)
      #expect(again.counts == found.counts && again.news.isEmpty)
    }
  }

  @Test func `a unit with fewer deaths runs after the others`() {
    let sorted = UnitDeaths.sort(
      (0..<4).map { WorkUnit(number: $0, cost: 1) }, by: [1: 1, 2: 2, 3: 3])
    #expect(sorted.usual.map(\.number) == [0])
    #expect(sorted.alone.map(\.number) == [1, 2])
    #expect(sorted.givenUp.map(\.number) == [3])
  }

  @Test func `an end of all ranks at once, and of a start that nobody knows, counts for none`()
    throws
  {
    let (tiny, folder) = try folder()
    // Its folder lasts as long as it does.
    defer { withExtendedLifetime(tiny) {} }
    try leave(folder, run: 1, ranks: 2, inFlight: [0: [3], 1: [4]])
    #expect(try UnitDeaths(folder, notes: [], unitCount: 100).counts.isEmpty)
    let unknown = try runID(5)
    try Data(repeating: 1, count: 8).write(
      to: URL(fileURLWithPath: "\(folder.log)/in-flight-\(unknown)-0"))
    #expect(try UnitDeaths(folder, notes: [], unitCount: 100).counts.isEmpty)
    // A rank alone has nobody to tell; and numbers past the plan are no units.
    try leave(folder, run: 2, ranks: 1, inFlight: [0: [3, 100, 5_000_000_000]])
    #expect(try UnitDeaths(folder, notes: [], unitCount: 100).counts == [3: 1])
  }

  @Test func `the file of a rank follows its threads, and goes when the rank ends in order`()
    throws
  {
    let (tiny, folder) = try folder()
    // Its folder lasts as long as it does.
    defer { withExtendedLifetime(tiny) {} }
    let run = try runID(4)
    let flight = try UnitsInFlight(in: folder.log, run: run, rank: 6, threads: 2)
    flight.begins(11, on: 1)
    flight.begins(12, on: 0)
    #expect(try UnitsInFlight.left(in: folder.log).first?.units == [12, 11])
    flight.ends(on: 0)
    let left = try #require(try UnitsInFlight.left(in: folder.log).first)
    #expect((left.run, left.rank, left.units) == (run, 6, [11]))
    flight.giveUp()
    flight.begins(13, on: 0)
    #expect(try UnitsInFlight.left(in: folder.log).isEmpty)
  }
}
