import Interventions
import Testing

/// Interventions whose source is null do nothing, whatever else they say.
struct SkippedEntryTests {
  private static let joining = [
    ("RotatedSpaceIntervention", ""),
    ("LowRankRotatedSpaceIntervention", #", "low_rank_dimension": 3"#),
    ("BoundlessRotatedSpaceIntervention", ""), ("SigmoidMaskRotatedSpaceIntervention", ""),
    ("AutoencoderIntervention", #", "latent_dim": 5"#),
    (
      "PCARotatedSpaceIntervention",
      #", "args": {"components": "parts", "mean": "mean", "std": "deviation"}"#
    ),
  ]
  private static let tensors = ["parts": [3, 12], "mean": [12], "deviation": [12]]

  private static func spec(
    _ type: String, _ more: String, isLinked: Bool, isSkipped: Bool = true, rest: String
  ) -> String {
    let link = isLinked ? #", "intervention_link_key": 0"# : ""
    let one = #""intervention_type": "\#(type)"\#(more)"#
    let skipped = #"{"layer": 0, \#(one)\#(link)}, "#
    return """
      {"model": "tiny", "representations": [\(isSkipped ? skipped : "")
         {"layer": 1, \(one)\(link)}], \(rest)}
      """
  }

  @Test(arguments: joining, [true, false])
  func `a skipped intervention that joins units needs no places`(
    type: (name: String, more: String), isLinked: Bool
  ) throws {
    let folder = try SpecFolder()
    func logits(_ isSkipped: Bool) throws -> [Float]? {
      let null = isSkipped ? "null, " : ""
      return try folder.run(
        Self.spec(
          type.name, type.more, isLinked: isLinked, isSkipped: isSkipped,
          rest: """
            "base": {"input_ids": [[1, 2, 3, 9]]},
            "sources": [\(null){"input_ids": [[4, 5, 6, 7]]}],
            "unit_locations": {"sources->base": [[\(null)[[2]]], [\(null)[[3]]]]},
            "subspaces": [\(null)\(type.name.hasPrefix("LowRank") ? "[[1]]" : "null")]
            """), tensors: Self.tensors)().floats("intervened.logits")?.elements
    }
    #expect(try logits(true) == logits(false))
    #expect(try logits(true) != RunSupport.logits(folder.model, [[1, 2, 3, 9]]))
  }

  @Test(arguments: joining.filter { !$0.0.hasPrefix("PCA") })
  func `in a batch of a training too`(type: (name: String, more: String)) throws {
    let folder = try SpecFolder()
    let batch = """
      {"base": {"input_ids": [[1, 2, 3, 9]]}, "sources": [null, {"input_ids": [[4, 5, 6, 7]]}],
       "labels": [7], "unit_locations": {"sources->base": [[null, [[2]]], [null, [[3]]]]}}
      """
    let outputs = try folder.run(
      Self.spec(
        type.name, type.more, isLinked: true,
        rest: """
          "kind": "train", "train": {"lr": 0.1, "steps": 2, "batches": [\(batch)]}
          """))()
    let losses = outputs.floats("losses")?.elements ?? []
    #expect(losses.count == 2 && losses.allSatisfy(\.isFinite) && losses[0] != losses[1])
  }
}
