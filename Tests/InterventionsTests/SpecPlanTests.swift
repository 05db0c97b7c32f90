import Foundation
import Inputs
import Interventions
import Models
import Tensors
import Testing

/// What is said of specifications that are not run.
struct SpecPlanTests {
  private static func generation(_ more: String, type: String = "ZeroIntervention") -> String {
    """
    {"model": "tiny", "kind": "generate", "base": {"input_ids": [[5, 6, 7], [8, 9, 10]]},
     "representations": {"layer": 1, "intervention_type": "\(type)"},
     "unit_locations": {"base": 0}, "generate": {"max_new_tokens": 2\(more)}}
    """
  }

  @Test
  func `a generation is as wide as the continuations that it follows`() throws {
    let folder = try SpecFolder()
    let plain = try folder.run(Self.generation(""))
    let beams = try folder.run(Self.generation(#", "num_beams": 3"#))
    let (one, three) = (try plain.resolved().cost, try beams.resolved().cost)
    #expect(one.widestPass.rows == 6 && three.widestPass.rows == 18)
    #expect(one.logitRows == 2 * 2 * 2 && three.logitRows == 3 * one.logitRows)
    let (few, many) = (try #require(one.blockRows), try #require(three.blockRows))
    #expect(many.naive == 3 * few.naive && many.reused == 3 * few.reused)
    #expect(three.examples == 2 && three.tokens == 6)
    let (narrow, wide) = (try plain.extent(), try beams.extent())
    #expect(wide.largest == 18 && wide.rows == 3 * narrow.rows)
    #expect(wide.lengths == narrow.lengths && wide.longest == 3)
  }

  @Test
  func `places of new tokens touch nothing of the prompt`() throws {
    let folder = try SpecFolder()
    func touched(_ more: String) throws -> [[Int]] {
      try folder.run(Self.generation(more)).resolved().inputs.map(\.touched)
    }
    #expect(try touched("") == [[], []])
    #expect(try touched(#", "intervene_on_prompt": true"#) == [[0], [0]])
    #expect(try touched(#", "soft": {"temperature": 1}"#) == [[0], [0]])
  }

  @Test
  func `positions of pairs are those of both sides`() {
    let pairs = ModelInputs<Float>.pairs(
      .tokens([[1, 2, 3], [4]]), decoder: [[5, 6], [7, 8]])
    #expect(pairs.positionCount == 8)
    #expect(ModelInputs<Float>.tokens([[1, 2, 3], [4]]).positionCount == 4)
  }

  private func lines(_ layers: (String, String), sorted: String) throws -> [String] {
    let text = """
      {"model": "m", "representations": [{"layer": \(layers.0), "component": "mlp_output"},
        {"layer": \(layers.1), "component": "attention_output"}], \(sorted)
       "base": {"input_ids": [[1, 2]]}}
      """
    let document = JSONField(
      try JSON.parse(Array(text.utf8), file: "a", kind: .job), file: "a.json", kind: .job)
    return try SpecInspection.lines(document)
  }

  @Test
  func `layers are told of the interventions that have them, in whatever order these go`() throws {
    let order = ["layer_7_comp_attention_output", "layer_3_comp_mlp_output"]
    let sorted = order.map { "\"\($0)_unit_pos_nunit_1#0\"" }.joined(separator: ", ")
    let found = try lines(("3", "7"), sorted: "\"sorted_keys\": [\(sorted)],")
    #expect(found[1].contains("attention_output of layer 7"))
    #expect(found[2].contains("mlp_output of layer 3"))
    // Keys name layers that only a model tells.
    let open = try lines(("-1", "7"), sorted: "\"sorted_keys\": [\(sorted)],")
    #expect(open[1].contains("mlp_output of layer -1"))
    #expect(open[2].contains("attention_output of layer 7"))
  }
}
