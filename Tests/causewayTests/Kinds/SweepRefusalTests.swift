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
      for command in [["check"], ["run", "-o", bench.path("run")]] {
        let ended = try await RunningTool(
          [command[0], bench.path("job.toml")] + command.dropFirst(), ranks: nil
        ).end()
        #expect(ended.code == 3, "\(command): \(ended.code) \(ended.errors)")
        for words in wrong.says { #expect(ended.errors.contains(words), "\(ended.errors)") }
      }
      #expect(!bench.has("run"))
    }

    @Test func `places from the end are patched in prompts of unequal length`() async throws {
      let bench = try bench(
        Wrong(testDescription: "", item: "positions = [-1, -2]", says: []))
      let ended = try await RunningTool(["check", bench.path("job.toml")], ranks: nil).end()
      #expect(ended.code == 0, "\(ended.errors)")
    }
  }
}
