import Foundation
import Testing
import _TestSupport

extension EndToEnd {
  /// Tuned lenses as a job, with the tool as a user runs it.
  @Suite(.serialized, .timeLimit(.minutes(10)))
  struct Lens {
    static let job = """
      kind = "lens"
      [model]
      path = "model"
      [data]
      items = [[5, 9, 1, 33, 2, 7, 8], [11, 4, 6, 1, 22, 30], [3, 17, 20, 9, 2, 40, 12, 1, 5]]
      [lens]
      layers = [1, 3]
      optimizer = "adam"
      learning_rate = 0.01
      steps = 12
      batch = 2
      microbatch = 8
      """

    @Test func `a lens is the same bytes on any ranks, nearer to the model, and a basis reads it`()
      async throws
    {
      let bench = try Workbench(job: Self.job)
      try await bench.finish("alone", ["--threads", "1"])
      let alone = try bench.stored("alone")
      #expect(alone.records.count == 2)
      let parameters = try Data(
        contentsOf: URL(fileURLWithPath: bench.path("alone/lens/params.pt")))
      for ranks in 1...3 {
        try await bench.finish("ranks-\(ranks)", ranks: ranks)
        try bench.stored("ranks-\(ranks)").expectSame(as: alone, "\(ranks) ranks")
        let file = bench.path("ranks-\(ranks)/lens/params.pt")
        #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == parameters)
      }
      let verify = try await RunningTool(
        ["verify", bench.path("alone"), "--recompute", "100%"], ranks: nil
      ).end()
      #expect(verify.code == 0, "\(verify.errors)")
      #expect(verify.output.contains("checked 2 units by running them again"))
      try await bench.finish("alone")
      try bench.stored("alone").expectSame(as: alone, "run again")

      let losses = bench.path("losses.csv")
      let export = try await RunningTool(
        ["export", bench.path("alone"), "--csv", losses], ranks: nil
      ).end()
      #expect(export.code == 0)
      let last = try String(contentsOfFile: losses, encoding: .utf8).split(separator: "\n")
        .dropFirst().map { $0.split(separator: ",").compactMap { Double($0) } }
      #expect(last.count == 24)
      #expect(last[11][2] < 0.7 * last[0][2] && last[23][2] < 0.7 * last[12][2])

      try bench.put(
        Basis.job(lens: "tuned", more: "tuned_lens = \"alone/lens\""), "basis.toml")
      let basis = try await bench.start("basis", job: "basis.toml").end()
      #expect(basis.code == 0, "\(basis.errors)")
      #expect(basis.output.contains("10 units done, 0 failed"))
    }

    @Test func `microbatches of unequal texts weigh by their tokens`() async throws {
      let bench = try Workbench(job: Self.job)
      var losses: [[Double]] = []
      // All texts together, and each by itself: 7, 6 and 9 tokens.
      for (name, batch, microbatch) in [("whole", 1, 4096), ("cut", 3, 8)] {
        let job = Self.job.replacing("batch = 2\n", with: "batch = \(batch)\n")
          .replacing("microbatch = 8", with: "microbatch = \(microbatch)")
        try bench.put(job, "\(name).toml")
        let run = try await bench.start(name, job: "\(name).toml").end()
        #expect(run.code == 0, "\(run.errors)")
        let path = bench.path("\(name).csv")
        let export = try await RunningTool(
          ["export", bench.path(name), "--csv", path], ranks: nil
        ).end()
        #expect(export.code == 0)
        losses.append(
          try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").dropFirst()
            .map { Double($0.split(separator: ",")[2]) ?? .nan })
      }
      #expect(losses[0].count == 24 && losses[1].count == 24)
      #expect(zip(losses[0], losses[1]).allSatisfy { abs($0 - $1) <= 1e-4 * abs($0) }, "\(losses)")
    }

    @Test func `a stop keeps a layer's training, and a damaged checkpoint is refused`() async throws
    {
      let job =
        Self.job.replacing("steps = 12", with: "steps = 20000") + "\n[run]\ncheckpoint_steps = 5"
      let bench = try Workbench(job: job)
      let stopped = try await bench.stopAmidUnit("run", ranks: 2)
      #expect(stopped.code == 75, "\(stopped.errors)")
      let status = try await RunningTool(["status", bench.path("run")], ranks: nil).end()
      #expect(status.code == 75 && status.output.contains("is kept"), "\(status.output)")
      let verify = try await RunningTool(["verify", bench.path("run")], ranks: nil).end()
      #expect(verify.output.contains("checked 1 checkpoints"), "\(verify.output)")
      let path = bench.path("run/interventions/checkpoints/unit-0")
      var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
      bytes[bytes.count - 9] ^= 4
      try bytes.write(to: URL(fileURLWithPath: path))
      let ended = try await bench.start("run").end()
      #expect(ended.code == 5 && ended.errors.contains("checkpoints/unit-0"), "\(ended.errors)")
    }

    @Test(arguments: [
      ("optimizer = \"adam\"", "optimizer = \"adam\"\nmomentum = 0.9", ["lens.momentum", "sgd"]),
      ("steps = 12", "steps = 0", ["lens.steps", "1 to"]),
      ("steps = 12", "steps = 3\nwarm_up = 4", ["lens.warm_up", "0 to 3"]),
      ("microbatch = 8", "skip_positions = 9", ["lens.skip_positions", "no token"]),
      ("layers = [1, 3]", "layers = [1, 4]", ["lens.layers", "layer 4"]),
      ("steps = 12", "step = 12", ["lens.step", "steps", "did you mean"]),
    ])
    func `bad jobs are refused by field`(
      part: String, other: String, terms: [String]
    ) async throws {
      let bench = try Workbench(job: Self.job.replacing(part, with: other))
      let ended = try await bench.start("run").end()
      #expect(ended.code == 3, "\(ended.errors)")
      for term in terms { #expect(ended.errors.contains(term), "\(ended.errors)") }
    }
  }
}
