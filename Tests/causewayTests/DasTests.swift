import Foundation
import ResultsStore
import Testing
import _TestSupport

extension EndToEnd {
  /// Trainings of interventions through the tool.
  @Suite(.serialized, .timeLimit(.minutes(10)))
  struct Das {
    @Test func `trainings are the same bytes on any ranks, side by side or data-parallel`()
      async throws
    {
      let bench = try DasBench().bench
      try await bench.finish("alone", ["--threads", "1"])
      let alone = try bench.stored("alone")
      #expect(alone.records.count == 8 && alone.duplicates == 0)
      for ranks in 1...3 {
        for parallel in ["data", "units"] {
          let name = "\(parallel)-\(ranks)"
          try await bench.finish(name, ranks: ranks, ["--set", "run.parallel=\(parallel)"])
          try bench.stored(name).expectSame(as: alone, name)
        }
      }
      try await bench.finish("threads", ["--threads", "2", "--set", "run.parallel=data"])
      try bench.stored("threads").expectSame(as: alone, "two threads a training")
      try await bench.finish("little", ["--set", "run.memory=1MiB", "--threads", "2"])
      try bench.stored("little").expectSame(as: alone, "states on disk")
      try await bench.finish("naive", ["--naive", "--threads", "1"])
      try bench.stored("naive").expectSame(as: alone, "nothing kept of unchanged runs")
    }

    @Test func `plan, check, status, verify, show and export know a run of trainings`() async throws
    {
      let bench = try DasBench().bench
      let job = bench.path("job.toml")
      func tool(_ arguments: String...) async throws -> ToolRun {
        try await RunningTool(arguments, ranks: nil).end()
      }
      let plan = try await tool("plan", job)
      #expect(plan.code == 0 && plan.output.contains("trainings"), "\(plan.errors)")
      let check = try await tool("check", job)
      #expect(check.code == 0 && check.output.contains("ok: 8 trainings"), "\(check.errors)")
      #expect(check.output.contains("unit 7: layer 2, at -1, width 4"))
      try await bench.finish("run")
      let status = try await tool("status", bench.path("run"))
      #expect(status.code == 0 && status.output.contains("8 of 8 done"), "\(status.errors)")
      let verify = try await tool("verify", bench.path("run"), "--recompute", "25%")
      #expect(verify.code == 0, "\(verify.errors) \(verify.output)")
      #expect(verify.output.contains("checked 8 folders of trained parameters"))
      #expect(verify.output.contains("checked 2 units by running them again"))
      let show = try await tool("show", bench.path("run"))
      #expect(show.code == 0 && show.output.contains("Interchange intervention accuracy"))
      #expect(show.output.contains("random rotation") && show.output.contains("Loss"))
      #expect(show.output.contains("Accuracy on the development set"))
      #expect(!show.output.contains("Wilson"))
      let csv = bench.path("table.csv")
      let export = try await tool("export", bench.path("run"), "--csv", csv)
      #expect(export.code == 0, "\(export.errors)")
      let table = try String(contentsOfFile: csv, encoding: .utf8).split(separator: "\n")
      #expect(table.count == 9 && table[8].hasPrefix("7,2,\"-1\",4,9,"))

      let trained = bench.path("run/interventions/unit_7_layer_2_at_-1_width_4")
      let file = try #require(
        FileManager.default.contentsOfDirectory(atPath: trained).first { $0.hasSuffix(".bin") })
      var bytes = try Data(contentsOf: URL(fileURLWithPath: "\(trained)/\(file)"))
      bytes[bytes.count / 2] ^= 1
      try bytes.write(to: URL(fileURLWithPath: "\(trained)/\(file)"))
      let damaged = try await tool("verify", bench.path("run"))
      #expect(damaged.code == 5 && damaged.errors.contains("unit_7_layer_2"))
    }

    @Test func `a rotation that a formula writes is compared with a random one`() async throws {
      let job = DasBench.job.replacing("layers = [0, 2]", with: "layers = 1")
        .replacing("widths = [1, 4]", with: "")
        .replacing(
          "intervention_type = \"LowRankRotatedSpaceIntervention\"",
          with: """
            intervention_type = "expression"
            args = {formula = "base + (source - base) @ R @ R.T", trained = {R = {shape = [24, 4], \
            orthogonal = true}}}
            """)
      let bench = try DasBench(job: job).bench
      try await bench.finish("run")
      let show = try await RunningTool(["show", bench.path("run")], ranks: nil).end()
      #expect(show.code == 0 && show.output.contains("random rotation"), "\(show.output)")
    }

    @Test func `twenty kills change no bit of what is trained`() async throws {
      let job = DasBench.job.replacing("epochs = 3", with: "epochs = 40")
        .replacing("layers = [0, 2]", with: "layers = 1")
        .replacing("widths = [1, 4]", with: "widths = [4]")
      let bench = try DasBench(job: job).bench
      let whole = try await bench.finish("whole", ranks: 2)
      let expected = try bench.stored("whole")
      var random = SeededRandom(seed: 77)
      var (kills, resumed, round) = (0, 0, 0)
      while kills < 20 {
        round += 1
        let run = "run-\(round)"
        while true {
          let ranks = [nil, 1, 2, 3].randomElement(using: &random) ?? nil
          let parallel = ["data", "units"].randomElement(using: &random) ?? "data"
          let tool = try bench.start(run, ranks: ranks, "--set", "run.parallel=\(parallel)")
          // A training under way has its checkpoint; half of the kills wait for a new one.
          let before = Self.checkpoints(bench.path(run))
          let delay = Double.random(in: 0...1, using: &random) * whole.seconds
          let waits = Bool.random(using: &random)
          let isThere = try await tool.wait(until: {
            waits ? Self.checkpoints(bench.path(run)) != before : tool.seconds >= delay
          })
          let victims = tool.processes()
          if isThere {
            let victim = victims.randomElement(using: &random) ?? tool.launcher
            if kill(victim, SIGKILL) == 0 { kills += 1 }
            if !Self.checkpoints(bench.path(run)).isEmpty { resumed += 1 }
          }
          let ended = try await tool.end()
          try await tool.waitForRanks()
          if ended.code == 0 { break }
        }
        try bench.stored(run).expectSame(as: expected, "after \(kills) kills")
      }
      #expect(resumed >= 5, "kills that left a training to take up again")
    }

    /// The checkpoints that are there, with when they were written.
    static func checkpoints(_ run: String) -> [String] {
      let folder = "\(run)/interventions/checkpoints"
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
      return names.filter { $0.hasPrefix("unit-") }.sorted().map { name in
        let date = try? FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")[
          .modificationDate]
        return "\(name) \((date as? Date)?.timeIntervalSince1970 ?? 0)"
      }
    }

    @Test(arguments: [
      (["sweep.widths=[1, 25]"], 3, "1 to 24"),
      (["sweep.widths=[1, 25]"], 3, "sweep.widths[1]"),
      (
        ["interventions[0].low_rank_dimension=25", "sweep={layers = 1}"], 3,
        "interventions[0].low_rank_dimension, from --set"
      ),
      (
        ["interventions[0].subspace_partition=[[0, 1], [1, 99]]"], 3,
        "subspace_partition[1], from --set"
      ),
      (["interventions[0].latent_dim=5"], 3, "latent_dim for \"LowRankRotatedSpaceIntervention\""),
      (["sweep.positions=[4]"], 3, "positions from 0 to 3"),
      (["sweep.positions=[\"late\"]"], 3, "no place \"late\""),
      (["sweep.layers=7"], 3, "layers from 0 to 2"),
      (["train.weight_decay=0.1"], 3, "weight_decay"),
      (["data.train=empty.jsonl"], 3, "an empty split"),
      (["data.train=odd.jsonl"], 3, "odd.jsonl"),
      (["train.loss=perplexity"], 3, "cross_entropy"),
      (["train.temprature=2"], 3, "temperature"),
      (
        ["interventions[0].intervention_type=VanillaIntervention", "sweep.widths=[2]"], 3, "trained"
      ),
      (["data.train=text.jsonl"], 3, "text.jsonl: base, line 1: found a text, and no tokenizer"),
      (["data.train=answer.jsonl"], 3, "answer.jsonl: label, line 1: found a text"),
      (
        ["data.train=unequal.jsonl", "sweep.positions=[\"early\"]"], 3,
        "unequal.jsonl: places.early, line 2: found 2 positions at early, expected 1"
      ),
      (["run.parallel=rows"], 3, "auto, units, data"),
      (["data.train=two.jsonl"], 3, "sources[1]"),
    ])
    func `what cannot be trained is refused by its place, once, before any work`(
      changes: [String], code: Int32, words: String
    ) async throws {
      let bench = try DasBench().bench
      try bench.put("", "empty.jsonl")
      try bench.put(
        "{\"base\": [1, 2, 3], \"sources\": [[3, 2, 1], [4, 5, 6]], \"label\": 2, "
          + "\"places\": {\"early\": 1}}\n", "two.jsonl")
      try bench.put(
        "{\"base\": [1, 2, 3], \"source\": [3, 2, 1], \"label\": 512}\n", "odd.jsonl")
      try bench.put(
        "{\"base\": \"The tower\", \"source\": [3, 2], \"label\": 2}\n", "text.jsonl")
      try bench.put("{\"base\": [1, 2], \"source\": [3, 2], \"label\": \"x\"}\n", "answer.jsonl")
      try bench.put(
        ["1", "[1, 2]"].map {
          "{\"base\": [1, 2, 3], \"source\": [3, 2, 1], \"label\": 2, \"places\": {\"early\": \($0)}}\n"
        }.joined(), "unequal.jsonl")
      if changes.contains("data.train=text.jsonl") || changes.contains("data.train=answer.jsonl") {
        try FileManager.default.removeItem(atPath: bench.path("model/tokenizer.json"))
      }
      let options = changes.flatMap { ["--set", $0] }
      let tool = try RunningTool(
        ["run", bench.path("job.toml"), "-o", bench.path("run")] + options, ranks: 2)
      let ended = try await tool.end()
      #expect(ended.code == code)
      #expect(ended.said.count == 1 && ended.errors.contains(words), "\(ended.errors)")
      #expect(!bench.has("run"))
    }

    @Test func `a loss that is not finite is named, and the other trainings go on`() async throws {
      let bench = try DasBench().bench
      let tool = try bench.start(
        "run", ranks: 2, "--set", "train.optimizer=sgd", "--set", "train.learning_rate=1e30",
        "--set", "train.clip=1e30", "--set", "run.parallel=data")
      let ended = try await tool.end()
      #expect(ended.code == 1)
      // One direction stays finite at any length; of four, what one does to the others does not.
      #expect(ended.errors.contains("unit 1 (layer 0, at early, width 4), step"))
      #expect(ended.errors.contains("train.jsonl") && ended.errors.contains("with the examples"))
      #expect(ended.output.contains("trainings done") && !ended.output.contains("0 failed"))
    }

    @Test func `a damaged checkpoint is refused by name`() async throws {
      let job = DasBench.job.replacing("epochs = 3", with: "epochs = 4000")
      let bench = try DasBench(job: job).bench
      let tool = try bench.start("run", "--threads", "1")
      _ = try await tool.wait { !Self.checkpoints(bench.path("run")).isEmpty }
      for id in tool.processes() { kill(id, SIGKILL) }
      _ = try await tool.end()
      let path = bench.path("run/interventions/checkpoints/unit-0")
      var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
      bytes[bytes.count - 9] ^= 4
      try bytes.write(to: URL(fileURLWithPath: path))
      let again = try bench.start("run", ranks: 2, "--set", "run.parallel=data")
      let ended = try await again.end()
      #expect(ended.code == 5 && ended.errors.contains("checkpoints/unit-0"), "\(ended.errors)")
    }

    @Test func `a stop keeps the training's state, and another number of ranks goes on`()
      async throws
    {
      let job = DasBench.job.replacing("epochs = 3", with: "epochs = 60")
        .replacing("layers = [0, 2]", with: "layers = 1")
        .replacing("checkpoint_steps = 2", with: "")
      let bench = try DasBench(job: job).bench
      try await bench.finish("whole", ranks: 1)
      for (first, second) in [("data", "units"), ("units", "data")] {
        let tool = try bench.start("run-\(first)", ranks: 2, "--set", "run.parallel=\(first)")
        _ = try await tool.wait {
          StoredRun.journalBytes(bench.path("run-\(first)")) > 0 || tool.seconds > 1.5
        }
        kill(tool.launcher, SIGUSR1)
        let ended = try await tool.end()
        #expect([0, 75].contains(ended.code), "\(ended.errors)")
        try await bench.finish("run-\(first)", ranks: 3, ["--set", "run.parallel=\(second)"])
        try bench.stored("run-\(first)").expectSame(
          as: try bench.stored("whole"), "stopped, then \(second)")
      }
    }
  }
}
