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
      var run = "run"
      for (signal, ranks) in launches {
        let ended = try await stopped(bench, &run, ranks: ranks, by: signal)
        #expect(ended.code == 75, "signal \(signal): \(ended.errors)")
        // Nothing else: the folder was given back, not left by a process that is gone, which other
        // hosts could not look up.
        #expect(ended.said == ["causeway: stopped; the same command goes on"])
      }
      try await expectResumed(bench, run)
    }

    @Test func `SIGTERM to mpirun, which kills its ranks a second later, loses nothing`()
      async throws
    {
      let bench = try await Workbench(heavyModel, job: Workbench.heavyJob(lasting: 3))
      var run = "run"
      let ended = try await stopped(bench, &run, ranks: 2, by: SIGTERM)
      #expect(ended.code != 0)
      try await expectResumed(bench, run)
    }

    /// Starts a run and sends the signal to its launcher once it has journaled something.
    ///
    /// - Parameter run: The run's name; another one where the run came to its end before the signal
    ///   was there, so that there is something to stop.
    private func stopped(
      _ bench: Workbench, _ run: inout String, ranks: Int?, by signal: Int32
    ) async throws -> ToolRun {
      var ended: ToolRun?
      for attempt in 1...20 {
        let before = StoredRun.journalBytes(bench.path(run))
        let tool = try bench.start(run, ranks: ranks)
        if try await tool.wait(until: { StoredRun.journalBytes(bench.path(run)) > before }) {
          kill(tool.launcher, signal)
        }
        let now = try await tool.end()
        try await tool.waitForRanks()
        ended = now
        guard now.code == 0 else { break }
        run = "run-\(signal)-\(ranks ?? 0)-\(attempt)"
      }
      return try #require(ended)
    }

    private func expectResumed(_ bench: Workbench, _ run: String) async throws {
      let before = try bench.stored(run)
      try await bench.finish("whole", ranks: 2)
      let whole = try bench.stored("whole")
      #expect(before.records.count < whole.records.count, "stopped too late to tell")
      try await bench.finish(run, ranks: 2)
      let after = try bench.stored(run)
      #expect(after.duplicates == 0)
      after.expectSame(as: whole, "after a stop")
    }
  }
}
