import Foundation
import Inputs
import Testing
import _TestSupport

extension EndToEnd {
  /// What `plan` bounds is counted in finished runs; kinds of the suite are counted there.
  @Suite(.serialized, .timeLimit(.minutes(10)))
  struct PlanBounds {
    private static let prompts = """
      [{"clean_ids": [5, 300, 41, 77, 12, 9], "corrupted_ids": [5, 301, 44, 77, 12, 9],
        "answer_id": 17, "foil_id": 3},
       {"clean_ids": [88, 3, 19, 44], "corrupted_ids": [81, 3, 19, 44], "answer_id": 4, "foil_id": 6}]
      """

    private static let head = "\n[model]\npath = \"model\"\n[data]\n"

    static let jobs: [(name: String, text: String)] = [
      (
        "patch",
        "kind = \"patch\"\(head)pairs = \"prompts.json\"\n[[patch]]\nsite = \"block_output\"\n"
          + "[[patch]]\nsite = \"head_attention_value_output\"\n"
      ),
      (
        "ablate",
        "kind = \"ablate\"\nablations = [\"zero\", \"mean\"]\(head)prompts = \"prompts.json\"\n"
          + "[[ablate]]\nsite = \"block_output\"\n[[ablate]]\nsite = \"mlp_output\"\n"
      ),
      (
        "a trace of corrupted prompts",
        "kind = \"trace\"\(head)facts = \"facts.json\"\nfilter = \"none\"\n"
          + "[corrupt]\nby = \"zero\"\n"
      ),
      ("a model's training", ModelTrain.jobs[2].text),
    ]

    @Test(arguments: jobs.map(\.name), [1, 3])
    func `a finished run takes no more than plan says`(name: String, ranks: Int) async throws {
      let job = try #require(Self.jobs.first { $0.name == name })
      let bench = try Workbench(facts: Workbench.tokenFacts, job: job.text)
      try bench.put(Self.prompts, "prompts.json")
      try await bench.finish("run", ranks: ranks)
      let plan = try await RunningTool(["plan", bench.path("job.toml"), "--json"], ranks: nil).end()
      #expect(plan.code == 0, "\(plan.errors)")
      let planned = JSONField(
        try JSON.parse(Array(plan.output.utf8), file: "plan", kind: .job), file: "plan", kind: .job)
      let tree = RunTree(bench.path("run"))
      let (bytes, inodes) = (tree.diskBytes, tree.inodes(without: nil))
      let files = tree.files.count { $0.hasPrefix("results.zarr/") || $0.hasPrefix("model/") }
      #expect(files > 0)
      #expect(try bytes <= planned["disk_bytes"].int(), "\(bytes) bytes: \(plan.output)")
      #expect(try inodes <= planned["inodes"].int(), "\(inodes) inodes: \(plan.output)")
      #expect(try files <= planned["files"].int(), "\(files) files: \(plan.output)")
    }
  }
}
