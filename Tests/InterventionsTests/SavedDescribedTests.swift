import Foundation
import Inputs
import Interventions
import Testing

/// Descriptions beside a folder of saved interventions say nothing else than it holds.
struct SavedDescribedTests {
  private static let rotated =
    #""layer": 1, "component": "block_output", "intervention_type": "#
    + #""RotatedSpaceIntervention""#

  /// What the folder is saved from, by type.
  private static let saved = [
    "rotated": rotated + #", "interchange_dim": 5, "subspace_partition": [[0, 4], [4, 12]]"#,
    "joined": rotated + #", "max_number_of_units": 2, "keep_last_dim": false"#,
    "low": #""layer": 1, "low_rank_dimension": 2, "intervention_type": "#
      + #""LowRankRotatedSpaceIntervention""#,
    "auto": #""layer": 1, "latent_dim": 3, "intervention_type": "AutoencoderIntervention""#,
    "constant": #""layer": 1, "intervention_type": "AdditionIntervention", "#
      + #""source_representation": "row""#,
    "mask": #""layer": 1, "intervention_type": "SigmoidMaskIntervention", "#
      + #""params": {"mask": "row"}"#,
  ]

  private static func spec(_ representation: String?, saved: Bool, of type: String) -> String {
    let described = representation.map { #""representations": [{\#($0)}], "# } ?? ""
    let isConstant = type == "constant"
    return #"{"model": "tiny", \#(described)\#(saved ? #""saved_directory": "saved", "# : "")"#
      + #""base": {"input_ids": [[1, 2, 3, 9]]}, "#
      + (isConstant
        ? #""unit_locations": {"base": 2}}"#
        : #""sources": [{"input_ids": [[4, 5, 6, 7]]}], "unit_locations": {"sources->base": "#
          + (type == "joined" ? "[[[[1, 2]]], [[[1, 2]]]]}}" : "2}}"))
  }

  private func logits(
    _ folder: SpecFolder, _ text: String, saveTo: String? = nil
  ) throws -> [Float]? {
    try folder.run(text, tensors: ["other": [12], "row": [12]], saveTo: saveTo)()
      .floats("intervened.logits")?.elements
  }

  private func folder(_ type: String) throws -> (SpecFolder, description: String, [Float]?) {
    let folder = try SpecFolder()
    let description = try #require(Self.saved[type])
    let own = try logits(
      folder, Self.spec(description, saved: false, of: type),
      saveTo: folder.root.appendingPathComponent("saved").path)
    return (folder, description, own)
  }

  @Test(arguments: ["rotated", "joined", "low", "auto", "constant", "mask"])
  func `what was saved may be described again`(type: String) throws {
    let (folder, description, own) = try folder(type)
    #expect(try logits(folder, Self.spec(nil, saved: true, of: type)) == own)
    #expect(try logits(folder, Self.spec(description, saved: true, of: type)) == own)
  }

  @Test(arguments: [
    ("rotated", #""interchange_dim": 5"#, #""interchange_dim": 6"#, "interchange_dim"),
    ("rotated", "[4, 12]", "[4, 11]", "subspace_partition"),
    ("joined", "false", "true", "keep_last_dim"),
    ("rotated", #", "interchange"#, #", "embed_dim": 24, "interchange"#, "embed_dim"),
    ("rotated", #", "interchange"#, #", "group_key": 0, "interchange"#, "group_key"),
    (
      "rotated", #", "interchange"#, #", "intervention_link_key": "a", "interchange"#,
      "intervention_link_key"
    ),
    ("rotated", #", "interchange"#, #", "args": {"seed": 3}, "interchange"#, "args"),
    ("low", #""low_rank_dimension": 2"#, #""low_rank_dimension": 3"#, "low_rank_dimension"),
    ("auto", #""latent_dim": 3"#, #""latent_dim": 4"#, "latent_dim"),
    ("constant", #""row""#, #""other""#, "source_representation"),
    ("constant", #""row""#, #""zeros""#, "source_representation"),
    ("mask", #""row""#, #""other""#, "params.mask"),
    ("mask", #""mask": "row""#, #""mask": "row", "masks": "row""#, "params.masks"),
    (
      "mask", #", "params": {"mask": "row"}"#, #", "params": {"rotate_layer.weight": "row"}"#,
      "params"
    ),
  ])
  func `what contradicts the folder is refused with its field`(
    type: String, written: String, other: String, field: String
  ) throws {
    let (folder, description, _) = try folder(type)
    let changed = description.replacing(written, with: other)
    try #require(changed != description)
    #expect {
      try logits(folder, Self.spec(changed, saved: true, of: type))
    } throws: {
      ($0 as? Refusal)?.field.hasPrefix("representations[0].\(field)") == true
    }
  }
}
