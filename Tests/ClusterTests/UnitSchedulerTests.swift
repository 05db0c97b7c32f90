import Foundation
import Inputs
import Locks
import Testing

@testable import Cluster

@Suite struct UnitSchedulerTests {
  private struct Fault: Error {}

  @Test func `one rank without MPI runs each unit once and reports failures`() throws {
    let world = try MPIEnvironment(environment: [:]).world
    let computed = Locked<[Int]>([])
    var (kept, committed, finished, failed): ([Int], [Int], [Int], [Int]) = ([], [], [], [])
    let units = (0..<50).map { WorkUnit(number: $0, cost: Double($0 % 7)) }
    let outcome = try UnitScheduler(units: units, settings: .init(computeThreads: 3))
      .run(
        on: world, stop: StopSignal(),
        .init(
          compute: { unit in
            computed.withLock { $0.append(unit) }
            if unit == 13 { throw Fault() }
            return [UInt8(unit)]
          },
          keep: { unit, bytes in kept.append(bytes == [UInt8(unit)] ? unit : -1) },
          sync: {
            committed += kept
            kept = []
          },
          finished: {
            // A sink hears of nothing that is not durable.
            #expect(committed.contains($0.unit))
            finished.append($0.unit)
          },
          failed: { failed.append($0.unit) }))
    let others = (0..<50).filter { $0 != 13 }
    #expect(outcome == .finished)
    #expect(computed.withLock { $0.sorted() } == Array(0..<50))
    #expect((committed.sorted(), finished.sorted()) == (others, others))
    #expect(failed == [13])
  }

  @Test func `a stop gives out no new unit and keeps what was done`() throws {
    let world = try MPIEnvironment(environment: [:]).world
    let stop = StopSignal()
    var (committed, finished): ([Int], [Int]) = ([], [])
    let units = (0..<1000).map { WorkUnit(number: $0, cost: 1) }
    let outcome = try UnitScheduler(units: units, settings: .init(computeThreads: 1))
      .run(
        on: world, stop: stop,
        .init(
          compute: { _ in
            usleep(1000)
            return []
          },
          keep: { unit, _ in
            committed.append(unit)
            if committed.count == 5 { stop.request() }
          },
          sync: {},
          finished: { finished.append($0.unit) }, failed: { _ in }))
    #expect(outcome == .stopped)
    #expect((5..<100).contains(committed.count))
    #expect(finished == committed)
  }

  @Test func `an error of a sync or of a sink ends the run`() throws {
    let world = try MPIEnvironment(environment: [:]).world
    let full = Refusal(.store, file: "journal", found: "a full disk", expected: "room")
    let scheduler = UnitScheduler(
      units: [WorkUnit(number: 0, cost: 1)], settings: .init(computeThreads: 1))
    #expect(throws: full) {
      try scheduler.run(
        on: world, stop: StopSignal(),
        .init(
          compute: { _ in [] }, keep: { _, _ in }, sync: { throw full }, finished: { _ in },
          failed: { _ in }))
    }
    let refusal = #expect(throws: Refusal.self) {
      try scheduler.run(
        on: world, stop: StopSignal(),
        .init(
          compute: { _ in [] }, keep: { _, _ in }, sync: {}, finished: { _ in throw Fault() },
          failed: { _ in }))
    }
    #expect(refusal?.kind == .cluster)
  }
}

extension MultiRankTests {
  @Suite struct UnitsOverRanks {
    @Test(arguments: [1, 2, 3, 4])
    func `each unit is committed once and reported once`(ranks: Int) async throws {
      let folder = try temporaryFolder()
      defer { try? FileManager.default.removeItem(at: folder) }
      let run = try await probe(
        "units", "count=150", "threads=2", "folder=\(folder.path)", "bytes=1000", "limit=300",
        ranks: ranks)
      #expect(run.exitCode == 0)
      #expect(run.lines(with: "done").count == 150)
      #expect(run.lines(with: "done").allSatisfy { $0.hasPrefix("0 ") && $0.hasSuffix("true") })
      #expect(run.lines(with: "finished").count == ranks)
      var committed: [Int] = []
      for rank in 0..<ranks {
        let text = try String(
          contentsOf: folder.appendingPathComponent("rank-\(rank)"), encoding: .utf8)
        let units = text.split(separator: "\n").compactMap { Int($0) }
        // All ranks take part, rank 0 too.
        #expect(!units.isEmpty)
        committed += units
      }
      #expect(committed.sorted() == (0..<150).map { $0 * 3 })
    }

    @Test func `more ranks than units, and none at all, end quietly`() async throws {
      #expect(try await probe("units", "count=2", ranks: 4).lines(with: "done").count == 2)
      #expect(try await probe("units", "count=0", ranks: 3).lines(with: "finished").count == 3)
    }

    @Test func `a unit that throws is reported with its rank, and the rest goes on`() async throws {
      let run = try await probe("units", "count=30", "failing=3,60", ranks: 3)
      #expect(run.exitCode == 0)
      #expect(run.lines(with: "done").count == 28)
      #expect(run.lines(with: "failed").count == 2)
      #expect(run.lines(with: "UnitFault()").allSatisfy { $0.contains("host") })
    }

    @Test(arguments: [0, 1])
    func `a commit that fails ends the job with one message`(rank: Int) async throws {
      let run = try await probe("units", "count=200", "uncommitted=\(rank)", ranks: 3)
      #expect(run.exitCode == 6)
      #expect(run.errors.components(separatedBy: "causeway: journal: found a full disk").count == 2)
    }

    @Test(arguments: [nil, 0, 2])
    func `a stop of any rank ends all with 75 while long units run`(rank: Int?) async throws {
      let arguments = [
        "units", "count=9", "milliseconds=600000", "stop=\(rank ?? 9)", "after=300", "begins=1",
      ]
      let running = try RunningProbe(arguments, ranks: 3)
      if rank == nil {
        try await running.wait(for: 3, linesWith: "begins")
        kill(running.launcher, SIGUSR1)
      }
      // The longest units take ten minutes.
      let run = try await running.end()
      #expect(run.exitCode == 75)
      #expect(run.lines(with: "stopped").count == 3)
      #expect(try await running.leavesNothing())
    }

    @Test(arguments: [0, 2])
    func `a stop with a cause ends all ranks with its code and one message`(
      rank: Int
    ) async throws {
      for milliseconds in [5, 60_000] {
        let run = try await probe(
          "units", "count=3000", "milliseconds=\(milliseconds)", "lose=\(rank)", ranks: 3)
        #expect(run.exitCode == 5)
        #expect(run.errors.components(separatedBy: "causeway: lease: found another run").count == 2)
        #expect(run.lines(with: "stopped").isEmpty)
      }
    }

    @Test func `a rank that hangs where it hears of no stop ends with 75`() async throws {
      let running = try RunningProbe(["units", "hang=1"], ranks: nil)
      try await running.wait(for: 1, linesWith: "begins")
      kill(running.launcher, SIGTERM)
      let run = try await running.end()
      #expect(run.exitCode == 75)
      #expect(run.errors.contains("the stop is stuck"))
    }

    @Test func `a rank alone stops with 75 on SIGTERM`() async throws {
      let running = try RunningProbe(["units", "count=500", "milliseconds=100"], ranks: nil)
      try await running.wait(for: 1, linesWith: "done")
      kill(running.launcher, SIGTERM)
      let run = try await running.end()
      #expect(run.exitCode == 75)
      #expect(run.lines(with: "stopped").count == 1)
    }

    @Test(arguments: [0, 1])
    func `a rank that stands still is named after the limit`(rank: Int) async throws {
      let running = try RunningProbe(
        [
          "units", "count=3000", "milliseconds=20", "freeze=\(rank)", "heartbeat=200",
          "silence=5000",
        ], ranks: 3)
      let run = try await running.end()
      #expect(run.exitCode == 7)
      #expect(run.errors.contains("causeway: rank \(rank) on host"))
      #expect(try await running.leavesNothing())
    }

    @Test func `a rank that stands still for less than the limit does no harm`() async throws {
      let running = try RunningProbe(
        [
          "units", "count=1500", "milliseconds=20", "freeze=1", "after=200", "heartbeat=200",
          "silence=15000",
        ], ranks: 2)
      let frozen = try await running.waitForFrozen()
      // The other rank goes on for some heartbeats meanwhile: it has units for seconds.
      try await running.wait(forMore: 30, linesWith: "done")
      kill(frozen, SIGCONT)
      let run = try await running.end()
      #expect(run.exitCode == 0)
      #expect(run.lines(with: "done").count == 1500)
    }

    enum Victim: CaseIterable { case worker, coordinator, launcher }

    @Test(arguments: Victim.allCases)
    func `a killed process leaves nothing running after ten seconds`(
      victim: Victim
    ) async throws {
      var arguments = ["units", "count=3000", "milliseconds=200", "after=200"]
      if victim == .worker { arguments.append("die=1") }
      if victim == .coordinator { arguments.append("die=0") }
      let running = try RunningProbe(arguments, ranks: 3)
      if victim == .launcher {
        try await running.wait(for: 1, linesWith: "done")
        kill(running.launcher, SIGKILL)
      }
      let run = try await running.end()
      #expect(run.exitCode != 0)
      #expect(try await running.leavesNothing())
    }

    @Test func `ranks that wait use little of a core`() async throws {
      let run = try await probe("units", "count=1", "milliseconds=3000", ranks: 3)
      let cpu = run.lines(with: "finished")
        .compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }
      #expect(cpu.count == 3)
      // Start-up included; a rank that spins would need 3 s.
      #expect(cpu.allSatisfy { $0 < 1 }, "\(cpu)")
    }
  }
}
