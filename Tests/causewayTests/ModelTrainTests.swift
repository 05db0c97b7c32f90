import Checkpoints
import Foundation
import Inputs
import ResultsStore
import Testing
import _TestSupport

extension EndToEnd {
  /// Trainings of models from nothing through the tool.
  @Suite(.serialized, .timeLimit(.minutes(10)))
  struct ModelTrain {
    private static let settings = """
      [train]
      learning_rate = 0.01
      optimizer = "adamw"
      weight_decay = 0.01
      schedule = "cosine"
      warm_up = 1
      steps = 7
      batch = 16
      microbatch = 5
      clip = 1.0
      evaluate_every = 3
      """

    private static let data = """
      train = 40
      development = 9
      test = 11
      seed = 2
      """

    /// A job of each architecture, the first with sources exchanged.
    static let jobs: [(name: String, text: String)] = [
      (
        "mlp",
        """
        kind = "train"
        [model]
        architecture = "mlp"
        layers = 2
        width = 16
        classes = 2
        [data]
        causal_model = "hierarchical_equality"
        \(data)
        [[interventions]]
        intervention_type = "VanillaIntervention"
        component = "block_output"
        layer = 0
        variable = "WX"
        subspace_partition = [[0, 8], [8, 16]]
        subspaces = [0]
        [[interventions]]
        intervention_type = "VanillaIntervention"
        component = "block_output"
        layer = 0
        variable = "YZ"
        subspace_partition = [[0, 8], [8, 16]]
        subspaces = [1]
        [interchange]
        task_weight = 0.5
        \(settings)
        """
      ),
      (
        "gru",
        """
        kind = "train"
        [model]
        architecture = "gru"
        layers = 1
        width = 4
        classes = 2
        [data]
        causal_model = "hierarchical_equality"
        layout = "sequence"
        \(data)
        \(settings)
        """
      ),
      (
        "gpt2",
        """
        kind = "train"
        [model]
        architecture = "gpt2"
        layers = 1
        width = 8
        heads = 2
        vocabulary = 202
        positions = 6
        [data]
        causal_model = "two_digit_addition"
        \(data)
        \(settings)
        """
      ),
      (
        "llama",
        """
        kind = "train"
        [model]
        architecture = "llama"
        layers = 1
        width = 8
        heads = 2
        key_value_heads = 1
        mlp_width = 12
        vocabulary = 202
        positions = 6
        [data]
        causal_model = "two_digit_addition"
        \(data)
        \(settings)
        """
      ),
    ]

    private func model(_ bench: Workbench, _ run: String) throws -> Data {
      try Data(contentsOf: URL(fileURLWithPath: bench.path("\(run)/model/model.safetensors")))
    }

    @Test(arguments: jobs.indices)
    func `a model trained from nothing has the same bytes on any ranks and threads`(
      _ index: Int
    ) async throws {
      let bench = try DasBench(job: Self.jobs[index].text).bench
      try await bench.finish("alone", ["--threads", "1"])
      let alone = try bench.stored("alone")
      let expected = try model(bench, "alone")
      for ranks in 1...3 {
        try await bench.finish("ranks-\(ranks)", ranks: ranks)
        try bench.stored("ranks-\(ranks)").expectSame(as: alone, "\(ranks) ranks")
        #expect(try model(bench, "ranks-\(ranks)") == expected, "\(ranks) ranks")
      }
      try await bench.finish("threads", ["--threads", "2"])
      try bench.stored("threads").expectSame(as: alone, "two threads")
      #expect(try model(bench, "threads") == expected, "two threads")
      try await bench.finish("seed", ["--set", "seed=1"])
      #expect(try model(bench, "seed") != expected, "another seed")
      let sites = try await RunningTool(["sites", bench.path("alone/model")], ranks: nil).end()
      let site = Self.jobs[index].name == "gru" ? "cell_output" : "block_output"
      #expect(sites.code == 0 && sites.output.contains(site), "\(sites.errors)")
      #expect(sites.output.hasPrefix(Self.jobs[index].name + ": "), "\(sites.output)")
    }

    @Test func `check, plan, status, verify and show know a run that trains a model`() async throws
    {
      let bench = try DasBench(job: Self.jobs[0].text).bench
      func tool(_ arguments: String...) async throws -> ToolRun {
        try await RunningTool(arguments, ranks: nil).end()
      }
      let job = bench.path("job.toml")
      let check = try await tool("check", job, "--limit", "1")
      #expect(check.code == 0 && check.output.contains("578 parameters"), "\(check.errors)")
      let plan = try await tool("plan", job)
      #expect(plan.code == 0 && plan.output.contains("7 of 16 examples"), "\(plan.errors)")
      #expect(plan.output.contains("of it beside products"))
      let costs = try await tool("plan", job, "--json")
      let read = try JSON.parse(Array(costs.output.utf8), file: "plan", kind: .job)
      let hours = try JSONField(read, file: "plan", kind: .job)["core_hours"].double()
      // Seven steps of a network this small are all but overhead: a hundredth of a second of it.
      #expect((0.009...1).contains(hours * 3600), "\(hours)")
      try await bench.finish("run")
      let status = try await tool("status", bench.path("run"))
      #expect(status.code == 0 && status.output.contains("1 of 1 done"), "\(status.errors)")
      let show = try await tool("show", bench.path("run"))
      #expect(show.code == 0 && show.output.contains("Loss (cross_entropy)"), "\(show.errors)")
      let verify = try await tool("verify", bench.path("run"), "--recompute", "100%")
      #expect(verify.code == 0, "\(verify.errors) \(verify.output)")
      #expect(verify.output.contains("checked 1 units by running them again"))
      let weights = bench.path("run/model/model.safetensors")
      var bytes = try Data(contentsOf: URL(fileURLWithPath: weights))
      bytes[bytes.count - 3] ^= 1
      try bytes.write(to: URL(fileURLWithPath: weights))
      let damaged = try await tool("verify", bench.path("run"))
      #expect(damaged.code == 5 && damaged.errors.contains("run/model"), "\(damaged.errors)")
    }

    @Test func `a trained folder is gone on from, and jobs for it are checked against it`()
      async throws
    {
      let bench = try DasBench(job: Self.jobs[2].text).bench
      try await bench.finish("first")
      let start = Self.jobs[2].text.components(separatedBy: "[model]\n")[1]
        .components(separatedBy: "[data]")[0]
      try bench.put(
        Self.jobs[2].text.replacing(start, with: "path = \"first/model\"\n"), "job.toml")
      try await bench.finish("second")
      let (one, two) = (try model(bench, "first"), try model(bench, "second"))
      #expect(one != two && one.count == two.count)
      try bench.put(
        Self.jobs[2].text.replacing("vocabulary = 202", with: "vocabulary = 201"), "small.toml")
      let small = try await RunningTool(["check", bench.path("small.toml")], ranks: nil).end()
      #expect(small.code == 3 && small.errors.contains("token 201"), "\(small.errors)")
      try bench.put(
        Self.jobs[2].text.replacing("heads = 2", with: "heads = 3"), "heads.toml")
      let heads = try await RunningTool(["check", bench.path("heads.toml")], ranks: nil).end()
      #expect(heads.code == 3 && heads.errors.contains("n_head"), "\(heads.errors)")
      try bench.put(
        Self.jobs[2].text.replacing("clip = 1.0", with: "mask_penalty = 1.0"), "mask.toml")
      let mask = try await RunningTool(["check", bench.path("mask.toml")], ranks: nil).end()
      #expect(mask.code == 3 && mask.errors.contains("train.mask_penalty"), "\(mask.errors)")
    }

  }
}
