import Checkpoints
import Foundation
import Testing
import _TestSupport

extension EndToEnd {
  /// Causal bases as a job, with the tool as a user runs it.
  @Suite(.serialized, .timeLimit(.minutes(10)))
  struct Basis {
    static let kinds = [("model", "mean"), ("logit", "resample"), ("logit", "zero")]

    /// A job over a small model, for the parts that differ.
    static func job(
      lens: String = "logit", mode: String = "mean", more: String = "", data: String? = nil
    ) -> String {
      """
      kind = "basis"
      [model]
      path = "model"
      [data]
      \(data ?? "items = [[5, 9, 1, 33, 2, 7, 8], [11, 4, 6, 1, 22, 30], "
        + "[3, 17, 20, 9, 2, 40, 12, 1, 5], [8, 8, 1, 2], [7, 30, 2, 14, 9]]")
      [basis]
      layers = "1:3"
      directions = 2
      restarts = 2
      lens = "\(lens)"
      mode = "\(mode)"
      microbatch = 9
      iterations = 5
      candidates = 2
      \(more)
      """
    }

    private func tool(_ arguments: String...) async throws -> ToolRun {
      try await RunningTool(arguments, ranks: nil).end()
    }

    @Test(arguments: kinds)
    func `bases are the same bytes on any threads and ranks`(
      lens: String, mode: String
    ) async throws {
      let bench = try Workbench(job: Self.job(lens: lens, mode: mode))
      try await bench.finish("alone", ["--threads", "1"])
      let alone = try bench.stored("alone")
      #expect(alone.duplicates == 0)
      // Two layers of two directions with two starts each, and a curve a layer.
      #expect(alone.records.count == 10)
      try await bench.finish("threads", ["--threads", "2"])
      try bench.stored("threads").expectSame(as: alone, "two threads")
      for ranks in 1...3 {
        try await bench.finish("ranks-\(ranks)", ranks: ranks)
        try bench.stored("ranks-\(ranks)").expectSame(as: alone, "\(ranks) ranks")
      }
    }

    @Test func `kills lose no search and count none twice`() async throws {
      let heavy = Self.job(lens: "model", more: "skip_positions = 1")
        .replacing("iterations = 5", with: "iterations = 20")
        .replacing("candidates = 2", with: "candidates = 4")
        .replacing("restarts = 2", with: "restarts = 3")
      let bench = try Workbench(heavyModel, job: heavy)
      let whole = try await bench.finish("whole", ranks: 2)
      let expected = try bench.stored("whole")
      var random = SeededRandom(seed: 5)
      var kills = 0
      while kills < 8 {
        let ranks = [nil, 1, 2, 3].randomElement(using: &random) ?? nil
        let before = StoredRun.journalBytes(bench.path("run"))
        let tool = try bench.start("run", ranks: ranks)
        // Every other strikes at any moment, the others once there is something more to lose.
        let moment = Double.random(in: 0...0.3, using: &random) * whole.seconds
        let isAlive = try await tool.wait { [kills] in
          kills % 2 == 1
            ? tool.seconds > moment : StoredRun.journalBytes(bench.path("run")) > before
        }
        if isAlive, let victim = (tool.processes() + [tool.launcher]).randomElement(using: &random)
        {
          kill(victim, SIGKILL)
          kills += 1
        }
        let ended = try await tool.end(mayBeStuck: isAlive)
        try await tool.waitForRanks()
        if ended.code == 0 { break }
      }
      try await bench.finish("run", ranks: 2)
      #expect(kills >= 3)
      let stored = try bench.stored("run")
      #expect(stored.duplicates == 0)
      stored.expectSame(as: expected, "after \(kills) kills")
    }

    @Test func `kills inside a search change no bit`() async throws {
      let job = Self.job(
        lens: "model", more: "[run]\ncheckpoint_steps = 3"
      ).replacing("iterations = 5", with: "iterations = 60")
      let bench = try Workbench(job: job)
      let whole = try await bench.finish("whole", ranks: 2)
      try await bench.killAgainAndAgain(
        10, leaving: 3, seed: 8, like: (whole, try bench.stored("whole")))
    }

    @Test func `a stop keeps a search, and a damaged checkpoint is refused`() async throws {
      let job = Self.job(lens: "model", more: "[run]\ncheckpoint_steps = 1")
        .replacing("iterations = 5", with: "iterations = 100")
      let bench = try Workbench(heavyModel, job: job)
      let stopped = try await bench.stopAmidUnit("run", ranks: 2)
      #expect(stopped.code == 75, "\(stopped.errors)")
      let status = try await self.tool("status", bench.path("run"))
      #expect(status.code == 75 && status.output.contains("evaluations are kept"))
      let verify = try await self.tool("verify", bench.path("run"))
      #expect(verify.code == 75 && verify.output.contains("checked 1 checkpoints"))
      let checkpoints = bench.path("run/interventions/checkpoints")
      let name = try #require(
        FileManager.default.contentsOfDirectory(atPath: checkpoints).first {
          $0.hasPrefix("unit-")
        })
      var bytes = try Data(contentsOf: URL(fileURLWithPath: "\(checkpoints)/\(name)"))
      bytes[bytes.count - 9] ^= 4
      try bytes.write(to: URL(fileURLWithPath: "\(checkpoints)/\(name)"))
      let ended = try await bench.start("run").end()
      #expect(ended.code == 5 && ended.errors.contains("checkpoints/\(name)"), "\(ended.errors)")
    }

    @Test func `a finished run is shown, exported and found whole`() async throws {
      let bench = try Workbench(job: Self.job())
      try await bench.finish("run")
      let status = try await tool("status", bench.path("run"))
      #expect(status.code == 0)
      #expect(status.output.contains("2 of 2 done"))
      let verify = try await tool("verify", bench.path("run"), "--recompute", "100%")
      #expect(verify.code == 0, "\(verify.errors)")
      #expect(verify.output.contains("checked 8 units run again"))
      let show = try await tool("show", bench.path("run"), "--svg", bench.path("f.svg"))
      #expect(show.code == 0, "\(show.errors)")
      #expect(show.output.contains("layer 1") && bench.has("f.svg"))
      let export = try await tool(
        "export", bench.path("run"), "--csv", bench.path("e.csv"))
      #expect(export.code == 0)
      let table = try String(contentsOfFile: bench.path("e.csv"), encoding: .utf8)
      #expect(table.split(separator: "\n").count == 5)
    }

    @Test func `a flipped byte of an array is found`() async throws {
      let bench = try Workbench(job: Self.job())
      try await bench.finish("run")
      let file = bench.path("run/results.zarr/energy/c.1.0")
      var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
      bytes[bytes.count / 2] ^= 1
      try bytes.write(to: URL(fileURLWithPath: file))
      let verify = try await tool("verify", bench.path("run"))
      #expect(verify.code == 5)
      #expect(verify.errors.contains("energy"))
    }

    @Test(arguments: [
      (job(more: "site = \"mlp_output\""), ["basis.site", "mlp_output", "block_input"]),
      (job(lens: "tuned"), ["basis.tuned_lens", "no such field"]),
      (job(lens: "model", more: "site = \"head_query_output\""), ["basis.site", "one of"]),
      (
        job().replacing("directions = 2", with: "directions = 49"),
        ["basis.directions, line", "49 directions", "48"]
      ),
      (job(more: "skip_positions = 9"), ["0 tokens", "skipped"]),
      (job(data: "items = [[1, 2], [3, 512]]"), ["data.items[1]", "512", "511"]),
      (job(data: "items = [[1, 2], []]"), ["data.items[1]", "without tokens"]),
      (job(data: "texts = \"none.txt\""), ["none.txt"]),
      (job(more: "restart = 3"), ["restart", "did you mean"]),
      (job().replacing("layers = \"1:3\"", with: "layers = 4"), ["basis.layers", "layer 4"]),
      (job(more: "[run]\nmemory = \"2 MiB\""), ["run.memory", "bytes needed"]),
    ])
    func `bad jobs are refused by field, once, on any number of ranks`(
      job: String, terms: [String]
    ) async throws {
      let bench = try Workbench(job: job)
      for ranks in [nil, 3] {
        let tool = try bench.start("run", ranks: ranks)
        let ended = try await tool.end()
        #expect(ended.code == (terms[0] == "run.memory" ? 6 : 3), "\(ended.errors)")
        #expect(ended.said.count == 1)
        for term in terms { #expect(ended.errors.contains(term), "\(ended.errors)") }
        #expect(!bench.has("run"))
      }
    }
  }
}
