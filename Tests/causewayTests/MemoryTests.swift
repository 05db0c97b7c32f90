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
      try await expectAsPlanned(bench)
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
      // By then there are units with restorations of every kind.
      try await expectAsPlanned(try Workbench(job: job), journal: 20_000)
    }

    /// A job of each kind that computes; the first makes its data by a causal model.
    static let kinds: [(name: String, job: String)] = [
      ("das of a model that is trained first", Das.pretraining), ("das", DasBench.job),
      ("train", ModelTrain.jobs[0].text), ("basis", Basis.job()), ("lens", Lens.job),
      ("trace", Workbench.job),
    ]

    @Test(arguments: kinds)
    func `where addresses are short, a run is refused before it works, and never hangs or dies`(
      kind: (name: String, job: String)
    ) async throws {
      let bench = try DasBench(TinyModel(.gpt2), job: kind.job).bench
      let command = ["run", bench.path("job.toml"), "-o", bench.path("run"), "--threads", "1"]
      var codes: [Int32] = []
      for mebibytes in stride(from: 96, through: 2048, by: 48) where codes.last != 0 {
        // The program itself, its libraries and MPI must have room: to refuse an odd field, say.
        let odd = try await RunningTool(
          command + ["--set", "odd=1"], ranks: nil, under: Self.limit(mebibytes)
        ).end()
        guard odd.code == 3 else { continue }
        let ended = try await RunningTool(
          command, ranks: nil, under: Self.limit(mebibytes + 16)
        ).end()
        codes.append(ended.code)
        if ended.code == 6 {
          #expect(ended.said.count == 1 && ended.errors.contains("address space"))
          #expect(kind.job.contains("[pretrain") || !bench.has("run"))
        } else {
          #expect(ended.code == 0, "\(kind.name) in \(mebibytes) MiB: \(ended.errors)")
        }
      }
      #expect(codes.first == 6 && codes.last == 0, "\(codes)")
    }

    @Test(.enabled(if: SharedMaterial.isPresent))
    func `so is an intervention`() async throws {
      let root = try #require(SharedMaterial.root)
      let output = FileManager.default.temporaryDirectory
        .appendingPathComponent("memory-\(UUID().uuidString).safetensors").path
      defer { try? FileManager.default.removeItem(atPath: output) }
      let command = [
        "intervene", root.appendingPathComponent("goldens/scenarios/\(Self.scenario)").path,
        "--models", root.appendingPathComponent("goldens/models").path, "-o", output,
      ]
      var codes: [Int32] = []
      for mebibytes in stride(from: 96, through: 2048, by: 48) where codes.last != 0 {
        let help = try await RunningTool(
          ["check", "/dev/null"], ranks: nil, under: Self.limit(mebibytes)
        ).end()
        guard help.code == 3 else { continue }
        let ended = try await RunningTool(
          command, ranks: nil, under: Self.limit(mebibytes + 16)
        ).end()
        codes.append(ended.code)
        #expect([0, 6].contains(ended.code), "\(mebibytes) MiB: \(ended.errors)")
        if ended.code == 6 { #expect(ended.errors.contains("address space")) }
      }
      #expect(codes.first == 6 && codes.last == 0, "\(codes)")
    }

    private static let scenario = "boundless_train__gpt2.json"

    private static func limit(_ mebibytes: Int) -> [String] {
      ["prlimit", "--as=\(mebibytes << 20)"]
    }

    /// Runs the job on one thread until its journal holds so many bytes, or to its end, and compares
    /// the peak.
    private func expectAsPlanned(_ bench: Workbench, journal bytes: Int = .max) async throws {
      let plan = try await RunningTool(["plan", bench.path("job.toml"), "--json"], ranks: nil)
        .end()
      let planned = try #require(
        try JSONSerialization.jsonObject(with: Data(plan.output.utf8)) as? [String: Double])
      let (weights, rank) = (
        try #require(planned["weight_bytes"]), try #require(planned["rank_bytes"])
      )
      let tool = try bench.start("run", "--threads", "1")
      var peak = 0.0
      while tool.isRunning, StoredRun.journalBytes(bench.path("run")) < bytes {
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
