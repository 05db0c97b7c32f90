import Foundation
import Testing
import _TestSupport

extension EndToEnd {
  /// A signal stops a run in good order, and the same command goes on.
  @Suite(.serialized, .timeLimit(.minutes(10)))
  struct Stops {
    @Test(arguments: [SIGTERM, SIGUSR1, SIGINT, SIGHUP])
    func `a signal stops a run alone with code 75, and the same command goes on`(signal: Int32)
      async throws
    {
      let bench = try Workbench(heavyModel, job: heavyJob)
      let ended = try await stopped(bench, ranks: nil, by: signal)
      #expect(ended.code == 75, "\(ended.errors)")
      #expect(ended.said.contains { $0.contains("stopped; the same command goes on") })
      try await expectResumed(bench)
    }

    @Test func `SIGUSR1 to mpirun stops all ranks with code 75`() async throws {
      let bench = try Workbench(heavyModel, job: heavyJob)
      let ended = try await stopped(bench, ranks: 3, by: SIGUSR1)
      #expect(ended.code == 75, "\(ended.errors)")
      #expect(ended.said.count { $0.contains("stopped; the same command goes on") } == 1)
      try await expectResumed(bench)
    }

    @Test func `SIGTERM to mpirun, which kills its ranks a second later, loses nothing`()
      async throws
    {
      let bench = try Workbench(heavyModel, job: heavyJob)
      let ended = try await stopped(bench, ranks: 2, by: SIGTERM)
      #expect(ended.code != 0)
      try await expectResumed(bench)
    }

    /// Starts a run and sends the signal to its launcher once it has journaled something.
    private func stopped(
      _ bench: Workbench, ranks: Int?, by signal: Int32
    ) async throws -> ToolRun {
      let tool = try bench.start("run", ranks: ranks)
      #expect(try await tool.wait { StoredRun.journalBytes(bench.path("run")) > 0 })
      kill(tool.launcher, signal)
      let ended = try await tool.end()
      try await tool.waitForRanks()
      return ended
    }

    private func expectResumed(_ bench: Workbench) async throws {
      let before = try bench.stored("run")
      #expect(!before.records.isEmpty)
      // Given back, not merely left by a process that is gone: other hosts cannot look that up.
      try await bench.finish("whole", ranks: 2)
      let whole = try bench.stored("whole")
      #expect(before.records.count < whole.records.count, "stopped too late to tell")
      let resumed = try await bench.finish("run", ranks: 2)
      #expect(resumed.said.isEmpty, "\(resumed.said)")
      let after = try bench.stored("run")
      #expect(after.duplicates == 0)
      after.expectSame(as: whole, "after a stop")
    }
  }
}
