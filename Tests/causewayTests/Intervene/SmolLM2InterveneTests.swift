import Foundation
import Inputs
import Testing
import _TestSupport

extension EndToEnd {
  /// The screen of an interchange in a real model.
  @Suite(
    .serialized, .timeLimit(.minutes(10)),
    .enabled(if: SmolLM2.file != nil, Comment(rawValue: SmolLM2.reason)))
  struct SmolLM2Interchange {
    @Test func `Italy's stream in Spain's sentence makes Rome of Madrid`() async throws {
      let bench = try Workbench()
      try bench.put(
        """
        kind = "forward"
        model = "\(try #require(SmolLM2.file).path)"
        base = { prompts = ["The capital of Spain is"] }
        sources = [{ prompts = ["The capital of Italy is"] }]
        unit_locations = { "sources->base" = 3 }
        [[representations]]
        layer = 8
        component = "block_output"
        unit = "pos"
        max_number_of_units = 1
        intervention_type = "VanillaIntervention"
        """, "spec.toml")
      let tool = try RunningTool(["intervene", bench.path("spec.toml"), "--json"], ranks: nil)
      let ended = try await tool.end()
      #expect(ended.code == 0, "\(ended.errors)")
      let told = JSONField(
        try JSON.parse(Array(ended.output.utf8), file: "output", kind: .store), file: "output",
        kind: .store)
      var scores: [String: (before: Double, after: Double)] = [:]
      for choice in try told["answers"].items()[0]["top"].items() {
        scores[try choice["text"].string()] = (
          try choice["probability_before"].double(), try choice["probability_after"].double()
        )
      }
      let (rome, madrid) = (try #require(scores[" Rome"]), try #require(scores[" Madrid"]))
      #expect(madrid.before > 10 * rome.before && rome.after > 10 * madrid.after)
      let screen = try await RunningTool(
        ["intervene", bench.path("spec.toml")], ranks: nil, environment: ["LC_ALL": "C.UTF-8"]
      ).end()
      #expect(screen.output.contains("The capital of[ Spain] is"), "\(screen.output)")
      #expect(screen.output.contains("\" Rome\"") && screen.output.contains("\" Madrid\""))
    }
  }
}
