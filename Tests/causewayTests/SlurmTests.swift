import Foundation
import ResultsStore
import Testing
import _TestSupport

extension EndToEnd {
  /// Submitted jobs under a real Slurm.
  @Suite(
    .serialized, .timeLimit(.minutes(20)), .enabled(if: LocalSlurm.isPresent, LocalSlurm.reason))
  struct Slurm {
    private func onTwoNodes(_ test: (LocalSlurm) async throws -> Void) async throws {
      let slurm = try await LocalSlurm(nodes: 2)
      do { try await test(slurm) } catch {
        try await slurm.stop()
        throw error
      }
      try await slurm.stop()
    }

    private struct Sent: Decodable {
      let script: String
      let jobs: [Int]
    }

    private func submit(
      _ bench: Workbench, _ slurm: LocalSlurm, _ options: [String] = ["-o"], _ jobs: [String]? = nil
    ) async throws -> [Int] {
      let files = jobs ?? [bench.path("job.toml")]
      let output = jobs == nil ? ["-o", bench.path("run")] : []
      let ended = try await RunningTool(
        ["submit"] + files + output + ["--now", "--json"] + options, ranks: nil,
        environment: slurm.variables
      ).end()
      #expect(ended.code == 0, "\(ended.errors)")
      return try JSONDecoder().decode(Sent.self, from: Data(ended.output.utf8)).jobs
    }

    private static let twoNodes = [
      "--set", "slurm.nodes=2", "--set", "slurm.tasks_per_node=1", "--set", "slurm.mem=1G",
    ]

    /// Waits for something; false if it does not come within the time.
    private func wait(
      _ limit: Duration = .seconds(120), until condition: () async throws -> Bool
    ) async throws -> Bool {
      let start = ContinuousClock.now
      while start.duration(to: .now) < limit {
        if try await condition() { return true }
        try await Task.sleep(for: .milliseconds(100))
      }
      return false
    }

    /// Waits until start number `count` has journaled something.
    private func work(_ bench: Workbench, start count: Int) async throws {
      #expect(try await wait { Launches.starts(bench) == count }, "start \(count)")
      let before = StoredRun.journalBytes(bench.path("run"))
      #expect(
        try await wait { StoredRun.journalBytes(bench.path("run")) > before }, "start \(count)")
    }

    private func expectDone(_ job: Int, _ slurm: LocalSlurm, _ bench: Workbench) async throws {
      let isDone = try await wait(.seconds(300)) {
        try await slurm.field("JobState", of: job) == "COMPLETED"
      }
      let logs = try FileManager.default.contentsOfDirectory(atPath: bench.folder.path)
        .filter { $0.contains(".slurm-") }
        .map { try String(contentsOfFile: bench.path($0), encoding: .utf8) }
      let said = try await slurm.run("scontrol", "show", "job", "\(job)").output
      #expect(isDone, "\(said) \(logs)")
      #expect(try await slurm.field("ExitCode", of: job) == "0:0")
    }

    private static let job = heavyJob.replacing("samples = 24", with: "samples = 200")

    @Test func `a job goes through a requeue and a signal to the end of an undisturbed run`()
      async throws
    {
      let bench = try Workbench(heavyModel, job: Self.job)
      try await onTwoNodes { slurm in
        let job = try #require(try await submit(bench, slurm, Self.twoNodes).first)
        try await work(bench, start: 1)
        try await slurm.run("scontrol", "requeue", "\(job)")
        try await work(bench, start: 2)
        try await slurm.run("scancel", "--signal=USR1", "--batch", "\(job)")
        try await work(bench, start: 3)
        try await expectDone(job, slurm, bench)
        #expect(try await slurm.field("Restarts", of: job) == "2")
        #expect(Launches.starts(bench) == 3)
        // Once more, after the end: nothing changes.
        let again = try await submit(bench, slurm, Self.twoNodes + ["--chain", "2"])
        #expect(again.count == 2)
        for job in again { try await expectDone(job, slurm, bench) }
      }
      try await bench.finish("whole", ranks: 2)
      let stored = try bench.stored("run")
      #expect(stored.duplicates == 0)
      stored.expectSame(as: try bench.stored("whole"), "under Slurm")
    }

    @Test func `where requeueing is switched off, a job submits itself anew`() async throws {
      let bench = try Workbench(heavyModel, job: Self.job)
      try await onTwoNodes { slurm in
        let job = try #require(try await submit(bench, slurm, Self.twoNodes).first)
        try await work(bench, start: 1)
        try await slurm.run("scontrol", "update", "jobid=\(job)", "requeue=0")
        try await slurm.run("scancel", "--signal=USR1", "--batch", "\(job)")
        try await work(bench, start: 2)
        try await expectDone(job + 1, slurm, bench)
        #expect(try await slurm.field("Restarts", of: job) == "0")
      }
    }

    @Test(.enabled(if: runsSlowTests, "takes a minute: set CAUSEWAY_SLOW_TESTS"))
    func `a time limit stops a job in order, and it goes on`() async throws {
      let bench = try Workbench(
        heavyModel, job: heavyJob.replacing("samples = 24", with: "samples = 1200"))
      try await onTwoNodes { slurm in
        let job = try #require(
          try await submit(
            bench, slurm, Self.twoNodes + ["--set", "slurm.time=1", "--set", "run.naive=true"]
          ).first)
        try await work(bench, start: 1)
        try await work(bench, start: 2)
        let log = try String(contentsOfFile: bench.path("run.slurm-\(job).log"), encoding: .utf8)
        // What Slurm tells of the ranks' end, and of the requeue that follows, comes after the order.
        let parts = log.components(separatedBy: "causeway: stopped; the same command goes on")
        #expect(parts.count == 2 && !parts[0].contains("CANCELLED"), "\(log)")
        #expect(!log.contains("TIME LIMIT"), "\(log)")
        // Enough seen: it would take minutes to its end.
        try await slurm.run("scancel", "\(job)")
        #expect(
          try await wait { try await slurm.field("JobState", of: job) == "CANCELLED" })
      }
    }

    @Test func `a specification is run on a node, with what it shows in its log`() async throws {
      let bench = try Workbench()
      try bench.put(SpecificationCommands.spec, "spec.json")
      let output = bench.path("out.safetensors")
      try await onTwoNodes { slurm in
        let options = ["-o", output, "--models", bench.folder.path, "--set", "slurm.mem=1G"]
        let job = try #require(
          try await submit(bench, slurm, options, [bench.path("spec.json")]).first)
        try await expectDone(job, slurm, bench)
        let log = try String(contentsOfFile: "\(output).slurm-\(job).log", encoding: .utf8)
        #expect(log.contains("before") && log.contains("after"), "\(log)")
      }
      #expect(bench.has("out.safetensors"))
    }

    @Test func `several jobs are an array, each to its own end`() async throws {
      let bench = try Workbench()
      for name in ["a", "b", "c"] {
        try bench.put(
          Workbench.job + "[run]\noutput = \"run-\(name)\"\n[slurm]\ntasks_per_node = 1\n",
          "\(name).toml")
      }
      try await onTwoNodes { slurm in
        let job = try #require(
          try await submit(bench, slurm, [], ["a", "b", "c"].map { bench.path("\($0).toml") })
            .first)
        let isOver = try await wait(.seconds(200)) {
          try await slurm.run("squeue", "-h", "-j", "\(job)").output.isEmpty
        }
        #expect(isOver)
      }
      try await bench.finish("whole")
      let whole = try bench.stored("whole")
      for name in ["a", "b", "c"] {
        try bench.stored("run-\(name)").expectSame(as: whole, "task \(name)")
      }
    }
  }
}
