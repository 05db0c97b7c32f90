import Foundation
import Testing

extension EndToEnd {
  /// Ctrl-C at a terminal in which `mpirun` runs.
  @Suite(.serialized, .timeLimit(.minutes(5)))
  struct Interrupts {
    @Test(arguments: [SIGINT, SIGUSR1])
    func `a run that is stopped under mpirun says in one line how to go on, and no banner follows`(
      signal: Int32
    ) async throws {
      let bench = try await Workbench(heavyModel, job: Workbench.heavyJob(lasting: 10))
      let tool = try bench.start("run", ranks: 2)
      #expect(try await tool.wait { StoredRun.journalBytes(bench.path("run")) > 0 })
      kill(tool.launcher, signal)
      let ended = try await tool.end()
      try await tool.waitForRanks()
      // Of its own interruption mpirun makes 1, whatever its ranks end with.
      #expect(ended.code == (signal == SIGINT ? 1 : 75), "\(ended.errors)")
      #expect(ended.said == ["causeway: stopped; the same command goes on"])
      #expect(!ended.errors.contains("MPI_ABORT"), "\(ended.errors)")
      // The folder was given back, so the next start need not wait.
      let status = try await RunningTool(["status", bench.path("run")], ranks: nil).end()
      #expect(status.code == 75 && status.output.contains("given back"), "\(status.output)")
    }
  }
}
