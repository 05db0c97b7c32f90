import Foundation
import Testing
import _TestSupport

extension EndToEnd {
  /// A rank's memory is what the plan says.
  @Suite(.serialized, .timeLimit(.minutes(10)))
  struct Memory {
    #if DEBUG
      static let isOptimised = false
    #else
      static let isOptimised = true
    #endif

    @Test(
      .enabled(if: isOptimised, "holds of release builds: unoptimised code copies more"),
      arguments: [24, 192])
    func `a rank's peak beside the weights is within a fifth of the plan`(samples: Int)
      async throws
    {
      let bench = try Workbench(
        heavyModel, job: heavyJob.replacing("samples = 24", with: "samples = \(samples)"))
      try await expectAsPlanned(bench, within: .seconds(60))
    }

    @Test(
      .enabled(
        if: isOptimised && runsSlowTests && SmolLM2.file != nil,
        "takes minutes: set CAUSEWAY_SLOW_TESTS, in a release build with SmolLM2"))
    func `so is that of a real model`() async throws {
      let model = try #require(SmolLM2.file).path
      let facts = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../jobs/facts.json").standardizedFileURL.path
      let job = "kind = \"trace\"\nmodel = {path = \"\(model)\"}\ndata = {facts = \"\(facts)\"}\n"
      try await expectAsPlanned(try Workbench(job: job), within: .seconds(120))
    }

    @Test(arguments: ["das", "train"])
    func `a job that the address space has no room for is refused before it works`(
      kind: String
    ) async throws {
      let job = kind == "das" ? DasBench.job : ModelTrain.jobs[0].text
      let bench = try DasBench(job: job).bench
      // The program takes 0.3 GB of addresses, most of them for libraries.
      let ended = try await RunningTool(
        ["run", bench.path("job.toml"), "-o", bench.path("run"), "--threads", "1"], ranks: nil,
        under: ["prlimit", "--as=\(360 << 20)"]
      ).end()
      #expect(ended.code == 6 && ended.errors.contains("address space"), "\(ended.errors)")
      #expect(!bench.has("run"))
    }

    /// Runs the job on one thread to its end, or for that long, and compares the peak.
    private func expectAsPlanned(_ bench: Workbench, within limit: Duration) async throws {
      let plan = try await RunningTool(["plan", bench.path("job.toml"), "--json"], ranks: nil)
        .end()
      let planned = try #require(
        try JSONSerialization.jsonObject(with: Data(plan.output.utf8)) as? [String: Double])
      let (weights, rank) = (
        try #require(planned["weight_bytes"]), try #require(planned["rank_bytes"])
      )
      let tool = try bench.start("run", "--threads", "1")
      var peak = 0.0
      while tool.isRunning, tool.seconds < limit / .seconds(1) {
        peak = max(peak, Self.peak(of: tool.launcher) ?? 0)
        try await Task.sleep(for: .milliseconds(5))
      }
      kill(tool.launcher, SIGTERM)
      _ = try await tool.end()
      let found = (peak - weights) / rank
      #expect(found > 0.8 && found < 1.2, "\(peak - weights) bytes, \(rank) planned")
    }

    /// The most that a process has had in memory so far, in bytes.
    private static func peak(of process: pid_t) -> Double? {
      let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
      let line = status?.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
      return line?.split(separator: " ").dropFirst().first.flatMap { Double($0) }.map { $0 * 1024 }
    }
  }
}
