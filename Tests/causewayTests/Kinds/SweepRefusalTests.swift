import Checkpoints
import Foundation
import Testing
import _TestSupport

extension EndToEnd {
  /// Wrong jobs of patch are refused by field before anything is written.
  @Suite(.serialized, .timeLimit(.minutes(5)))
  struct SweepRefusals {
    struct Wrong: Sendable, CustomTestStringConvertible {
      let testDescription: String
      var pair = "corrupted_ids = [5, 16, 7, 8, 9, 10, 11]"
      var foil = "foil_id = 41"
      let item: String
      let says: [String]
    }

    static let all = [
      Wrong(
        testDescription: "an item called as an array",
        item: "name = \"token_count\"\npositions = \"last\"",
        says: ["patch[0].name", "an array of the results is called"]),
      Wrong(
        testDescription: "numbers from the start of unequal prompts", item: "positions = [2, 3]",
        says: ["patch[0].positions", "of 5 tokens", "of 7"]),
      Wrong(
        testDescription: "a place's number in a prompt of another length",
        pair: "corrupted_ids = [5, 16, 7]\nplaces = { x = 1 }", item: "positions = \"x\"",
        says: ["patch[0].positions", "no place \"x\""]),
      Wrong(
        testDescription: "one prompt twice", pair: "corrupted_ids = [5, 6, 7, 8, 9]",
        item: "positions = \"last\"",
        says: ["data.items[0].corrupted_ids, line", "the same tokens as the clean prompt"]),
      Wrong(
        testDescription: "a place called as one that every prompt has",
        pair: "corrupted_ids = [5, 16, 7, 8, 9]\nplaces = { last = 1 }",
        item: "positions = \"last\"", says: ["data.items[0].places.last, line", "every prompt has"]),
      Wrong(
        testDescription: "one answer, two tokens",
        foil: "foil_id = 41\nanswer = 31", item: "positions = \"last\"",
        says: ["data.items[0].answer_id, line", "token 30 beside answer = 31"]),
      Wrong(
        testDescription: "one answer by two names",
        foil: "foil_id = 41\nio_id = 31", item: "positions = \"last\"",
        says: ["data.items[0].io_id, line", "31 beside answer_id = 30"]),
      Wrong(
        testDescription: "a unit twice",
        item: "site = \"head_attention_value_output\"\nunits = [[0, 1], [1, 1], [0, 1]]",
        says: ["patch[0].units[2], line", "[0,1] a second time"]),
      Wrong(
        testDescription: "a subspace that is not there",
        item: "positions = \"last\"\nsubspace = \"none.safetensors\"",
        says: ["patch[0].subspace, line", "\"none.safetensors\" (No such file"]),
      Wrong(
        testDescription: "a subspace of two tensors",
        item: "positions = \"last\"\nsubspace = \"two.safetensors\"",
        says: ["patch[0].subspace, line", "\"two.safetensors\" (2 tensors)"]),
      Wrong(
        testDescription: "no foil", foil: "", item: "positions = \"last\"", says: ["foil"]),
      Wrong(
        testDescription: "a head that is none",
        item: "site = \"head_attention_value_output\"\nheads = [99]\npositions = \"last\"",
        says: ["patch[0].heads", "99"]),
    ]

    private func bench(_ wrong: Wrong) throws -> Workbench {
      try DasBench(
        TinyModel(.gpt2),
        job: """
          kind = "patch"
          [model]
          path = "model"
          [[data.items]]
          clean_ids = [5, 6, 7, 8, 9]
          answer_id = 30
          \(wrong.foil)
          \(wrong.pair)
          [[patch]]
          \(wrong.item.contains("site") ? "" : "site = \"block_output\"")
          \(wrong.item)
          """
      ).bench
    }

    @Test(arguments: all)
    func `is refused by its field, and leaves nothing`(wrong: Wrong) async throws {
      let bench = try bench(wrong)
      var two = SafetensorsWriter()
      for name in ["a", "b"] {
        two.add(name, shape: [1, 48], [Float](repeating: 0, count: 47) + [1])
      }
      try two.write(to: bench.path("two.safetensors"))
      for command in [["check"], ["run", "-o", bench.path("run")]] {
        let ended = try await RunningTool(
          [command[0], bench.path("job.toml")] + command.dropFirst(), ranks: nil
        ).end()
        #expect(ended.code == 3, "\(command): \(ended.code) \(ended.errors)")
        for words in wrong.says { #expect(ended.errors.contains(words), "\(ended.errors)") }
      }
      #expect(!bench.has("run"))
    }

    /// An ablation's fields, sections behind them, and what is said of them.
    static let ablations = [
      (
        "ablations = [\"zero\", \"resample\"]", "",
        "ablations[1], line 2: found the prompt 0 replaced"
      ),
      (
        "ablations = [\"resample\"]", "[dataset]\nitems = [[1, 2]]",
        "dataset, line 13: found no text that is the prompt 0"
      ),
      (
        "ablations = [\"zero\", \"mean_by_position\"]", "[dataset]\nitems = [[1, 2]]",
        "ablations[1], line 2: found mean_by_position, and the prompt 0 of 3 tokens"
      ),
      (
        "ablations = [\"mean\"]", "[dataset]\ntexts = \"none.txt\"",
        "dataset.texts, line 14: found \"none.txt\" (No such file"
      ),
      (
        "ablations = [\"mean\"]", "[dataset]\ndump = \"none\"",
        "dataset.dump, line 14: found \"none\" (nothing), expected a run folder"
      ),
      (
        "ablations = [\"mean\"]", "[source]\ndump = \"none\"",
        "source.dump, line 14: found \"none\" (nothing), expected a run folder"
      ),
    ]

    @Test(arguments: ablations)
    func `an ablation is refused by line and field`(
      fields: String, more: String, says: String
    ) async throws {
      let job = """
        kind = "ablate"
        \(fields)
        [model]
        path = "model"
        [metric]
        store = ["probability"]
        [[data.items]]
        ids = [5, 6, 7]

        answer_id = 30
        [[ablate]]
        site = "mlp_output"
        \(more)
        """
      let bench = try Workbench(job: job)
      let ended = try await bench.start("run").end()
      #expect(ended.code == (says.contains("(nothing)") ? 5 : 3), "\(ended.code)")
      #expect(ended.errors.contains("job.toml: \(says)"), "\(ended.errors)")
      #expect(!bench.has("run"))
    }

    @Test(arguments: ["pairs", "facts", "texts"])
    func `data of another kind are refused by the field that names them`(key: String) async throws {
      let bench = try Workbench(
        job: "kind = \"ablate\"\n[model]\npath = \"model\"\n[data]\n\(key) = \"x.json\"\n"
          + "[[ablate]]\nsite = \"mlp_output\"\n")
      let ended = try await bench.start("run").end()
      #expect(ended.code == 3, "\(ended.code)")
      for words in ["data.\(key), line 5", "found \(key)", "expected prompts"] {
        #expect(ended.errors.contains(words), "\(ended.errors)")
      }
    }

    @Test func `places from the end are patched in prompts of unequal length`() async throws {
      let bench = try bench(
        Wrong(testDescription: "", item: "positions = [-1, -2]", says: []))
      let ended = try await RunningTool(["check", bench.path("job.toml")], ranks: nil).end()
      #expect(ended.code == 0, "\(ended.errors)")
    }

    @Test func `a check shows which tokens have noise, and which are patched`() async throws {
      let bench = try bench(
        Wrong(testDescription: "", pair: "", item: "positions = [1, 3]", says: []))
      try bench.put(
        try String(contentsOfFile: bench.path("job.toml"), encoding: .utf8)
          + "\n[corrupt]\nnoise = 0.5\npositions = [1, 2]\n", "job.toml")
      let ended = try await RunningTool(["check", bench.path("job.toml")], ranks: nil).end()
      #expect(ended.code == 0, "\(ended.errors)")
      #expect(
        ended.output.contains(#"  corrupted: \u{5}|[{\u{6}}]|{\u{7}}|[\u{8}]|\t"#),
        "\(ended.output)")
    }
  }
}
