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
      #expect(verify.output.contains("checked 10 units by running them again"))
      let show = try await tool("show", bench.path("run"), "--svg", bench.path("f.svg"))
      #expect(show.code == 0, "\(show.errors)")
      #expect(show.output.contains("layer 1") && bench.has("f.svg"))
      let export = try await tool(
        "export", bench.path("run"), "--csv", bench.path("e.csv"))
      #expect(export.code == 0)
      let table = try String(contentsOfFile: bench.path("e.csv"), encoding: .utf8)
      #expect(table.split(separator: "\n").count == 5)
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
