import Foundation
import Inputs
import Testing
import _TestSupport

@testable import Interventions

/// Which outputs a run gives is known before it runs.
struct PossibleOutputTests {
  private static let base = #""base": {"input_ids": [[1, 2, 3], [4, 5, 6]]}"#
  private static let one = #""unit_locations": {"base": 1}"#

  private static func spec(
    _ kind: String, _ representation: String, _ more: String, locations: String = one
  ) -> String {
    #"{"model": "tiny", "kind": "\#(kind)", "representations": [{\#(representation)}], "#
      + "\(locations)\(more)}"
  }

  private static func train(_ representation: String, _ more: String) -> String {
    spec(
      "train", representation,
      #", "train": {"steps": 1, "lr": 0.01, "batches": [{\#(base), "labels": [1, 2], "sources": "#
        + #"[{"input_ids": [[7, 8, 9], [1, 1, 1]]}]}]\#(more)}"#,
      locations: #""unit_locations": {"sources->base": 1}"#)
  }

  private static let first = #""unit_locations": {"base": 0}"#
  private static let zero = #""layer": 1, "intervention_type": "ZeroIntervention""#
  private static let collect = #""layer": 1, "intervention_type": "CollectIntervention""#
  private static let rotation =
    #""layer": 1, "low_rank_dimension": 2, "intervention_type": "LowRankRotatedSpaceIntervention""#
  private static let source = #""sources": [{"input_ids": [[7, 8, 9], [1, 1, 1]]}]"#
  private static let generate = #", \#(base), "generate": {"max_new_tokens": 2"#
  private static let gradient = spec(
    "gradient", rotation, #", \#(base), \#(source), "wrt": "interventions", "labels": [1, 2]"#,
    locations: #""unit_locations": {"sources->base": 1}"#)

  /// Runs of every kind, with an output that looks like theirs and is none.
  static let runs: [(text: String, other: [String])] = [
    (spec("forward", zero, ", \(base)"), ["collected.0", "latent.0", "original.ids"]),
    (spec("forward", collect, ", \(base)"), ["collected.1", "collected.00", "collected.x"]),
    (
      spec(
        "forward",
        #""layer": 1, "latent_dim": 3, "intervention_type": "AutoencoderIntervention""#,
        ", \(base), \(source)", locations: #""unit_locations": {"sources->base": 1}"#),
      ["latent.1", "collected.0"]
    ),
    (
      spec("generate", zero, generate + "}", locations: first),
      ["intervened.logits", "collected.0"]
    ),
    (spec("generate", collect, generate + "}", locations: first), ["collected.2"]),
    (
      spec("generate", zero, generate + #", "soft": {"temperature": 1}}"#),
      ["original.ids", "collected.0"]
    ),
    (gradient, ["intervened.ids", "prompt_lengths", "grad.0.rotate", "original.logits"]),
    (
      gradient.replacing("interventions\", \"labels", with: "model\", \"labels"),
      ["grad.0.rotate_layer.parametrizations.weight.original"]
    ),
    (
      gradient.replacing(
        #""labels""#,
        with: #""generate": {"max_new_tokens": 2, "soft": {"temperature": 1}}, "labels""#),
      ["original.ids"]
    ),
    (train(rotation, ""), ["eval.loss", "final.", "final.1.rotate_layer.weight", "final.0.mask"]),
    (
      train(
        #""layer": 1, "intervention_type": "BoundlessRotatedSpaceIntervention""#,
        #", "evaluate": [{\#(base), \#(source), "labels": [1, 2]}]"#),
      ["final.0.masks"]
    ),
    (
      train(zero, #", "parameters": "model""#),
      ["eval.accuracy", "final.transformer.h.2.mlp.c_fc.weight"]
    ),
  ]

  @Test(arguments: runs.indices)
  func `what a run gives is expected of it, and other names are refused before it runs`(
    number: Int
  ) throws {
    let folder = try SpecFolder()
    let (text, others) = Self.runs[number]
    let run = try folder.run(text)
    let outputs = try run()
    #expect(outputs.names.filter { !run.possibleOutputs.contains($0) }.isEmpty)
    // Lengths and collections are there as they come; all else is given.
    let missing = run.possibleOutputs.names.filter {
      $0 != "lengths" && !outputs.names.contains($0)
    }
    #expect(missing.isEmpty, "\(missing)")
    for other in others {
      let wanting = String(text.dropLast()) + #", "outputs": ["\#(other)"]}"#
      #expect(throws: Refusal.self, "\(other)") { try folder.run(wanting).resolved() }
    }
    for name in outputs.names {
      let wanting = String(text.dropLast()) + #", "outputs": ["\#(name)"]}"#
      #expect(try folder.run(wanting)().names == [name])
    }
  }
}
