import Foundation
import Testing
import _TestSupport

extension EndToEnd {
  /// Specifications with a grid: what is refused, and what comes out of the less usual ones.
  @Suite(.serialized, .timeLimit(.minutes(10)))
  struct Grids {
    private static let models = SharedMaterial.root?.appendingPathComponent("goldens/models")

    private func tool(_ words: String...) async throws -> ToolRun {
      try await RunningTool(words, ranks: nil).end()
    }

    private func verified(_ bench: Workbench, _ job: String) async throws {
      try bench.put(job, "job.toml")
      let run = try await tool("run", bench.path("job.toml"), "-o", bench.path("run"))
      #expect(run.code == 0, "\(run.errors)")
      let verified = try await tool("verify", bench.path("run"), "--recompute", "100%")
      #expect(verified.code == 0, "\(verified.output) \(verified.errors)")
      #expect(try await tool("show", bench.path("run")).code == 0)
    }

    /// Each with the words of its refusal, in place of the grid and the metrics of `GridJobs`.
    private static let wrong: [(grid: String, says: [String])] =
      ["status", "kl", "kl_unchanged", "token_count", "top_token", "prompt", "rank"].map { name in
        (
          "[grid.\(name)]\nfields = [\"representations.layer\"]\nvalues = [1, 3]",
          ["grid.\(name)", "which the results have"]
        )
      } + [
        (
          "[grid]\n\"representations.layer\" = [1, 3]\n\"representations[0].layer\" = [0]",
          ["representations[0].layer", "on one axis"]
        ),
        (
          """
          [grid.a]
          fields = ["representations.layer"]
          values = [1, 3]
          [grid.b]
          fields = ["representations[0].layer"]
          values = [0, 2]
          """, ["grid.b", "on one axis"]
        ),
        ("[grid]\n\"representations.layer\" = [1, 1]", ["two values called \"1\""]),
        (
          """
          [grid.a]
          fields = ["representations.layer"]
          values = [1, 3]
          labels = ["x", "x"]
          """, ["grid.a", "two values called \"x\""]
        ),
        ("[grid]\n\"unit_locations.sources->base\" = \"0:2000000000\"", ["limit"]),
        (
          (0..<4).map { axis in
            "[grid.a\(axis)]\nfields = [\"subspaces[\(axis)]\"]\nvalues = \(Array(0..<2048))\n"
          }.joined(), ["grid.a0", "limit"]
        ),
        (
          "[grid]\n\"representations.layer\" = [1]\n[metric]\nanswers = 3\nfoils = 4\nstore = [\"kl\"]",
          ["metric.foils", "logit_difference alone"]
        ),
        (
          "[grid]\n\"representations.layer\" = [1]\n[metric]\nanswers = [3, 4, 5]\nfoils = [6, 4, 7]",
          ["metric.foils[1]", "the answer itself", "prompt 1"]
        ),
        (
          "[grid]\n\"representations.layer\" = [1]\n[metric]\nposition = 12",
          ["metric.position, line", "12 tokens"]
        ),
        (
          "[grid]\n\"representations.layer\" = [1]\n[metric]\ntop_tokens = 999",
          ["metric.top_tokens, line", "at most"]
        ),
      ]

    @Test(arguments: wrong.indices)
    func `a grid that would lose or repeat results is refused before it runs`(number: Int)
      async throws
    {
      let (grid, says) = Self.wrong[number]
      let bench = try Workbench()
      let start = try #require(GridJobs.intervene.range(of: "[grid]"))
      try bench.put(GridJobs.intervene[..<start.lowerBound] + grid, "job.toml")
      let ended = try await tool("run", bench.path("job.toml"), "-o", bench.path("run"))
      #expect(ended.code == 3 && says.allSatisfy(ended.errors.contains), "\(ended.errors)")
      #expect(!bench.has("run"))
    }

    @Test(
      .enabled(if: models != nil, "needs the reference material"),
      arguments: ["mlp_classifier", "gru_classifier"])
    func `classes are answers, as many of them as there are`(model: String) async throws {
      let bench = try Workbench()
      let path = try #require(Self.models).appendingPathComponent(model).path
      let isRecurrent = model.hasPrefix("gru")
      let base =
        isRecurrent
        ? "input_ids = [[3, 5, 2, 7], [1, 4, 4, 2]]"
        : "inputs_embeds = \([0.5, -0.25].map { [Array(repeating: $0, count: 24)] })"
      let job = """
        model = "\(path)"
        base = { \(base) }
        unit_locations = { base = 0 }
        [[representations]]
        component = "\(isRecurrent ? "cell_output" : "block_output")"
        unit = "\(isRecurrent ? "t" : "pos")"
        intervention_type = "ZeroIntervention"
        layer = 0
        [grid]
        "representations.layer" = [0, 1]
        """
      try await verified(bench, job)
      let placed = job + "\n[metric]\nposition = 0\n"
      try bench.put(placed, "job.toml")
      let ended = try await tool("check", bench.path("job.toml"))
      #expect(
        ended.code == 3 && ended.errors.contains("metric.position, line")
          && ended.errors.contains("classifier"), "\(ended.errors)")
    }

    @Test(.enabled(if: models != nil, "needs the reference material"))
    func `a masked model's answer has a position`() async throws {
      let path = try #require(Self.models).appendingPathComponent("bert").path
      let bench = try Workbench()
      let job = """
        model = "\(path)"
        base = { input_ids = [[3, 5, 2, 7], [1, 4, 4, 2]] }
        unit_locations = { base = 1 }
        representations = { component = "block_output", intervention_type = "ZeroIntervention", layer = 0 }
        [grid]
        "representations.layer" = [0, 1]
        [metric]
        position = 2
        """
      try await verified(bench, job)
    }

    /// Layer 3 of the last cell changes nothing of another text than the first cell's.
    @Test func `texts on the grid are compared each with its own unchanged run`() async throws {
      let bench = try Workbench()
      try await verified(
        bench,
        """
        model = "model"
        unit_locations = { base = 1 }
        representations = { component = "block_output", intervention_type = "ZeroIntervention", layer = 0 }
        [grid.text]
        fields = ["base.input_ids"]
        values = [[[1, 2, 3, 4, 5]], [[9, 8, 7]]]
        labels = ["a", "b"]
        [grid]
        "representations.layer" = [0, 3]
        """)
      let shown = try await tool("show", bench.path("run")).output
      #expect(shown.contains("change of probability"), "\(shown)")
      #expect(shown.components(separatedBy: "unchanged:").count > 2, "\(shown)")
      #expect(!bench.has("run/results.zarr/token_count"))
    }
  }
}
