import Foundation
import Testing
import _TestSupport

extension EndToEnd {
  /// A signal stops a run in good order, and the same command goes on.
  @Suite(.serialized, .timeLimit(.minutes(10)))
  struct Stops {
    @Test func `signals stop a run with code 75, and the same command goes on`() async throws {
      let bench = try await Workbench(heavyModel, job: Workbench.heavyJob(lasting: 3))
      let launches: [(signal: Int32, ranks: Int?)] = [
        (SIGTERM, nil), (SIGUSR1, 3), (SIGINT, nil), (SIGHUP, nil), (SIGUSR1, 2), (SIGUSR1, nil),
      ]
      for (signal, ranks) in launches {
        let ended = try await stopped(bench, ranks: ranks, by: signal)
        #expect(ended.code == 75, "signal \(signal): \(ended.errors)")
        // Nothing else: the folder was given back, not left by a process that is gone, which other
        // hosts could not look up.
        #expect(ended.said == ["causeway: stopped; the same command goes on"])
      }
      try await expectResumed(bench)
    }

    @Test func `SIGTERM to mpirun, which kills its ranks a second later, loses nothing`()
      async throws
    {
      let bench = try await Workbench(heavyModel, job: Workbench.heavyJob(lasting: 3))
      let ended = try await stopped(bench, ranks: 2, by: SIGTERM)
      #expect(ended.code != 0)
      try await expectResumed(bench)
    }

    /// Starts a run and sends the signal to its launcher once it has journaled something.
    private func stopped(
      _ bench: Workbench, ranks: Int?, by signal: Int32
    ) async throws -> ToolRun {
      let before = StoredRun.journalBytes(bench.path("run"))
      let tool = try bench.start("run", ranks: ranks)
      #expect(try await tool.wait { StoredRun.journalBytes(bench.path("run")) > before })
      kill(tool.launcher, signal)
      let ended = try await tool.end()
      try await tool.waitForRanks()
      return ended
    }

    private func expectResumed(_ bench: Workbench) async throws {
      let before = try bench.stored("run")
      try await bench.finish("whole", ranks: 2)
      let whole = try bench.stored("whole")
      #expect(before.records.count < whole.records.count, "stopped too late to tell")
      try await bench.finish("run", ranks: 2)
      let after = try bench.stored("run")
      #expect(after.duplicates == 0)
      after.expectSame(as: whole, "after a stop")
    }
  }
}
