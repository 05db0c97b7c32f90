import Foundation
import Inputs
import ResultsStore
import Testing
import _TestSupport

extension EndToEnd {
  /// Trainings of interventions through the tool.
  @Suite(.serialized, .timeLimit(.minutes(10)))
  struct Das {
    private func tool(_ arguments: String...) async throws -> ToolRun {
      try await RunningTool(arguments, ranks: nil).end()
    }

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
      // What two threads need, and nothing more for states of unchanged runs.
      let plan = try await tool(
        "plan", bench.path("job.toml"), "--json", "--set", "run.memory=1MiB", "--set",
        "run.threads=2")
      let whole = try JSON.parse(Array(plan.output.utf8), file: "plan", kind: .job)
      let needs = JSONField(whole, file: "plan", kind: .job)
      let bytes = Int(try needs["rank_bytes"].double())
      try await bench.finish("little", ["--set", "run.memory=\(bytes)", "--threads", "2"])
      try bench.stored("little").expectSame(as: alone, "states on disk")
      try await bench.finish("naive", ["--naive", "--threads", "1"])
      try bench.stored("naive").expectSame(as: alone, "nothing kept of unchanged runs")
    }

    @Test func `plan, check, status, verify, show and export know a run of trainings`() async throws
    {
      let bench = try DasBench().bench
      let job = bench.path("job.toml")
      let plan = try await tool("plan", job)
      #expect(plan.code == 0 && plan.output.contains("trainings"), "\(plan.errors)")
      let check = try await tool("check", job)
      #expect(check.code == 0 && check.output.contains("ok: 8 units"), "\(check.errors)")
      #expect(check.output.contains("unit 7: layer 2, at -1, width 4"))
      try await bench.finish("run")
      let status = try await tool("status", bench.path("run"))
      #expect(status.code == 0 && status.output.contains("8 of 8 done"), "\(status.errors)")
      let verify = try await tool("verify", bench.path("run"), "--recompute", "25%")
      #expect(verify.code == 0, "\(verify.errors) \(verify.output)")
      #expect(verify.output.contains("checked 8 files and folders that units wrote"))
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
      try await bench.killAgainAndAgain(
        20, leaving: 5, seed: 77, like: (whole, try bench.stored("whole")),
        choices: ["data", "units"].map { ["--set", "run.parallel=\($0)"] })
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
      (
        ["train.loss=logit_difference", "data.train=foil.jsonl"], 3,
        "foil.jsonl: foil, line 1: found the label itself"
      ),
      (
        ["train.loss=logit_difference", "data.train=same.jsonl"], 3,
        "same.jsonl: base_label, line 1: found the label itself, as in every example of the train"
      ),
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
      let same = "{\"base\": [1, 2, 3], \"source\": [3, 2, 1], \"label\": 2, \"base_label\": 2, "
      try bench.put(same + "\"places\": {\"early\": 1}}\n", "same.jsonl")
      try bench.put(same + "\"foil\": 2, \"places\": {\"early\": 1}}\n", "foil.jsonl")
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
      #expect(ended.output.contains("units done") && !ended.output.contains("0 failed"))
    }

    /// A job that trains a small network first, and then looks into it.
    static let pretraining = """
      kind = "das"
      seed = 3

      [pretrain.model]
      architecture = "mlp"
      layers = 2
      width = 16
      classes = 2
      [pretrain.data]
      causal_model = "hierarchical_equality"
      train = 640
      development = 64
      [pretrain.train]
      learning_rate = 0.01
      epochs = 4
      batch = 16
      microbatch = 4

      [data]
      causal_model = "hierarchical_equality"
      sources = "like_bases"
      train = 320
      test = 60

      [[interventions]]
      intervention_type = "RotatedSpaceIntervention"
      component = "block_output"
      layer = 0
      variable = "WX"
      subspace_partition = [[0, 8], [8, 16]]
      subspaces = [0]
      intervention_link_key = 0
      [[interventions]]
      intervention_type = "RotatedSpaceIntervention"
      component = "block_output"
      layer = 0
      variable = "YZ"
      subspace_partition = [[0, 8], [8, 16]]
      subspaces = [1]
      intervention_link_key = 0

      [train]
      learning_rate = 0.01
      epochs = 4
      batch = 16
      microbatch = 4

      [run]
      checkpoint_steps = 4

      """

    @Test func `a job trains its model first, the same bytes on any ranks, whatever is killed`()
      async throws
    {
      let bench = try DasBench(job: Self.pretraining).bench
      let whole = try await bench.finish("alone", ["--threads", "1"])
      let alone = try bench.stored("alone")
      let first = try bench.stored("alone/pretrain")
      for ranks in 1...3 {
        try await bench.finish("ranks-\(ranks)", ranks: ranks)
        try bench.stored("ranks-\(ranks)").expectSame(as: alone, "\(ranks) ranks")
        try bench.stored("ranks-\(ranks)/pretrain").expectSame(as: first, "\(ranks) ranks")
      }
      // The two variables share one rotation.
      let unit = bench.path("alone/interventions/unit_0")
      let saved = try FileManager.default.contentsOfDirectory(atPath: unit)
        .filter { $0.hasSuffix(".bin") }
        .map { try Data(contentsOf: URL(fileURLWithPath: "\(unit)/\($0)")) }
      #expect(saved.count == 2 && saved[0] == saved[1])
      try await bench.killAgainAndAgain(
        6, leaving: 1, seed: 12, like: (whole, alone), checkpoints: "/pretrain")
      // The same job in two steps comes to the same rotation.
      let job = try String(contentsOfFile: bench.path("job.toml"), encoding: .utf8)
      let start = try #require(job.range(of: "[pretrain.model]"))
      let end = try #require(job.range(of: "[data]"))
      try bench.put(
        job[..<start.lowerBound] + "[model]\npath = \"alone/pretrain/model\"\n"
          + job[end.lowerBound...], "second.toml")
      let second = try await bench.start("second", job: "second.toml").end()
      #expect(second.code == 0, "\(second.errors)")
      #expect(try bench.stored("second").records == alone.records)
    }

    @Test func `the commands know a run that trains its model first`() async throws {
      let bench = try DasBench(job: Self.pretraining).bench
      let job = bench.path("job.toml")
      let plan = try await tool("plan", job)
      #expect(plan.code == 0 && plan.output.contains("pretrain steps"), "\(plan.errors)")
      let check = try await tool("check", job)
      #expect(check.code == 0 && check.output.contains("ok: 1 units"), "\(check.errors)")
      #expect(check.output.contains("first, the model:"))
      try await bench.finish("run", ranks: 2)
      let status = try await tool("status", bench.path("run"))
      #expect(status.code == 0 && status.output.contains("first, the model: "), "\(status.output)")
      let verify = try await tool("verify", bench.path("run"), "--recompute", "100%")
      #expect(verify.code == 0, "\(verify.errors) \(verify.output)")
      #expect(
        verify.output.split(separator: "\n").count {
          $0.hasPrefix("checked 1 units by running them again")
        } == 2)
      let show = try await tool("show", bench.path("run/pretrain"))
      #expect(show.code == 0 && show.output.contains("Loss"))

      let weights = bench.path("run/pretrain/model/model.safetensors")
      var bytes = try Data(contentsOf: URL(fileURLWithPath: weights))
      bytes[bytes.count - 3] ^= 1
      try bytes.write(to: URL(fileURLWithPath: weights))
      let damaged = try await tool("verify", bench.path("run"))
      #expect(damaged.code == 5 && damaged.errors.contains("pretrain/model"), "\(damaged.errors)")
      let again = try await bench.start("run").end()
      #expect(again.code == 5 && again.errors.contains("pretrain/model"), "\(again.errors)")
    }

    @Test(arguments: [
      (["model={path = \"model\"}"], "pretrain beside model"),
      (["pretrain.kind=train"], "pretrain.kind, from --set"),
      (["pretrain.model.layer=2"], "pretrain.model.layer, from --set: found an unknown field"),
      (["pretrain.train.loss=kl"], "pretrain.train.loss, from --set"),
      (["train.early_stopping={patience = 2}"], "train.early_stopping: found early_stopping"),
      (["data.development=0"], "data.development, from --set"),
      (["interventions[0].layer=2"], "interventions[0].layer, from --set"),
    ])
    func `a model that cannot be trained first is refused by its place`(
      changes: [String], words: String
    ) async throws {
      let bench = try DasBench(job: Self.pretraining).bench
      let ended = try await RunningTool(
        ["check", bench.path("job.toml")] + changes.flatMap { ["--set", $0] }, ranks: nil
      ).end()
      #expect(ended.code == 3 && ended.errors.contains(words), "\(ended.errors)")
    }

    @Test func `a model whose training fails ends the job`() async throws {
      let bench = try DasBench(job: Self.pretraining).bench
      let ended = try await bench.start(
        "run", ranks: 2, "--set", "pretrain.train.optimizer=sgd", "--set",
        "pretrain.train.learning_rate=1e30"
      ).end()
      #expect(ended.code == 1 && ended.errors.contains("a loss of"), "\(ended.errors)")
      let status = try await RunningTool(["status", bench.path("run")], ranks: nil).end()
      #expect(status.code == 1 && status.output.contains("failed unit 0"), "\(status.output)")
    }

    @Test func `a damaged checkpoint is refused by name`() async throws {
      // One unit: one that was in flight at a death comes after all others.
      let job = DasBench.job.replacing("epochs = 3", with: "epochs = 4000")
        .replacing("layers = [0, 2]", with: "layers = 1")
        .replacing("positions = [\"early\", -1]", with: "positions = [-1]")
        .replacing("widths = [1, 4]", with: "widths = [4]")
      let bench = try DasBench(job: job).bench
      let tool = try bench.start("run", "--threads", "1")
      _ = try await tool.wait { !Workbench.checkpoints(bench.path("run")).isEmpty }
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
      let bench = try DasBench(job: job).bench
      try await bench.finish("whole", ranks: 1)
      for (first, second) in [("data", "units"), ("units", "data")] {
        let ended = try await bench.stopAmidUnit(
          "run-\(first)", ranks: 2, ["--set", "run.parallel=\(first)"])
        #expect(ended.code == 75, "\(ended.errors)")
        try await bench.finish("run-\(first)", ranks: 3, ["--set", "run.parallel=\(second)"])
        try bench.stored("run-\(first)").expectSame(
          as: try bench.stored("whole"), "stopped, then \(second)")
      }
    }
  }
}
