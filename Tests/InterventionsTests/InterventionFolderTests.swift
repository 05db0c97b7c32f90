import Foundation
import Inputs
import Interventions
import Testing
import _TestSupport

/// Interventions that a folder of the reference has no words for, saved and opened again.
struct InterventionFolderTests {
  private static let again = """
    {"model": "tiny", "kind": "save_load", "saved_directory": "saved",
     "base": {"input_ids": [[1, 2, 3, 9]]}, "sources": [{"input_ids": [[4, 5, 6, 7]]}],
     "unit_locations": {"sources->base": 2}}
    """

  @Test(arguments: [
    (
      "expression",
      #""args": {"formula": "base + k * (source - base) @ R @ R.T + b * T[1][0]", "#
        + #""constants": {"k": 0.5, "T": "t"}, "trained": {"R": {"shape": [12, 3], "#
        + #""orthogonal": true, "seed": 4}, "b": {"start": "row"}}}"#
    ),
    ("custom.Scale", #""args": {"factor": 3}"#),
    ("custom.Interpolate", #""args": {"alpha": 0.25}"#),
    ("custom.Interpolate", #""args": {"alpha": 0.25}, "source_representation": "row""#),
    ("function.multiply", #""args": {"tensor": "row"}"#),
    ("custom.FixedNoise", #""args": {"noise": "noise", "level": 0.5}"#),
    ("NoiseIntervention", #""args": {"seed": 5, "level": 0.7}"#),
    ("NoiseIntervention", #""args": {"noise": "noise"}"#),
    ("expression", #""args": {"formula": "base * norm(source)"}, "subspace_partition": [[0, 4]]"#),
  ])
  func `what was saved gives the same logits`(type: String, fields: String) throws {
    let folder = try SpecFolder()
    let saved = folder.root.appendingPathComponent("saved").path
    let tensors = ["row": [12], "t": [2, 2, 12], "noise": [1, 1, 12]]
    let first = try folder.run(
      SpecFolder.forward(
        representation: #""layer": "-1:", "component": "block_output", \#(fields)"#, type: type),
      tensors: tensors, saveTo: saved)()
    #expect(
      first.floats("intervened.logits")?.elements != first.floats("original.logits")?.elements)
    let second = try folder.run(Self.again)()
    #expect(
      second.floats("intervened.logits")?.elements
        == first.floats("intervened.logits")?.elements)
    // What was opened can be saved again, to the same bytes.
    let copy = folder.root.appendingPathComponent("copy").path
    _ = try folder.run(Self.again, saveTo: copy)()
    for name in ["interventions.json", "interventions.safetensors"] {
      #expect(
        try Data(contentsOf: URL(fileURLWithPath: "\(saved)/\(name)"))
          == Data(contentsOf: URL(fileURLWithPath: "\(copy)/\(name)")))
    }
  }

  @Test
  func `a trained formula is saved as it was left, links and all`() throws {
    let folder = try SpecFolder()
    let saved = folder.root.appendingPathComponent("saved").path
    let call = #""base": {"input_ids": [[1, 2, 3]]}"#
    let trained = try folder.run(
      """
      {"model": "tiny", "kind": "train", "unit_locations": {"base": 1},
       "representations": {"layer": "all", "component": "mlp_output", "intervention_link_key": 0,
         "intervention_type": "expression",
         "args": {"formula": "base + d", "trained": {"d": {"shape": [12]}}}},
       "train": {"lr": 0.05, "steps": 3, "batches": [{\(call), "labels": [7]}]}}
      """, saveTo: saved)()
    #expect(trained.names.filter { $0.hasPrefix("final.") }.count == 2)
    let again = try folder.run(
      """
      {"model": "tiny", "saved_directory": "saved", \(call), "unit_locations": {"base": 1}}
      """)()
    #expect(
      again.floats("intervened.logits")?.elements
        == trained.floats("final.intervened.logits")?.elements)
  }

  @Test
  func `types of the reference beside a formula are saved with it`() throws {
    let folder = try SpecFolder()
    let saved = folder.root.appendingPathComponent("saved").path
    let call = """
      "base": {"input_ids": [[1, 2, 3, 9]]}, "sources": {"input_ids": [[4, 5, 6, 7]]},
      "unit_locations": {"sources->base": 2}
      """
    let first = try folder.run(
      """
      {"model": "tiny", \(call), "representations": [
        {"layer": 0, "component": "mlp_output", "intervention_type": "expression",
         "args": {"formula": "base * 2"}},
        {"layer": 0, "component": "block_output",
         "intervention_type": "BoundlessRotatedSpaceIntervention", "args": {"seed": 3}},
        {"layer": 1, "component": "mlp_output", "intervention_type": "PCARotatedSpaceIntervention",
         "subspace_partition": [[0, 1], [1, 2]],
         "args": {"components": "components", "mean": "row", "std": "row"}},
        {"layer": 1, "component": "attention_output", "latent_dim": 4, "interchange_dim": [0, 2],
         "intervention_type": "AutoencoderIntervention", "args": {"seed": 2}},
        {"layer": 1, "component": "block_output", "intervention_type": "NoiseIntervention",
         "args": {"seed": 3, "level": 0.1}}]}
      """, tensors: ["components": [2, 12], "row": [12]], saveTo: saved)()
    let again = try folder.run(#"{"model": "tiny", "saved_directory": "saved", \#(call)}"#)()
    #expect(
      again.floats("intervened.logits")?.elements == first.floats("intervened.logits")?.elements)
  }

  @Test
  func `equal places keep their order and their keys`() throws {
    let folder = try SpecFolder()
    let saved = folder.root.appendingPathComponent("saved").path
    func logits(_ what: String, _ given: String, saveTo: String? = nil) throws -> [Float]? {
      try folder.run(
        """
        {"model": "tiny", \(what), "base": {"input_ids": [[1, 2, 3, 9]]},
         "unit_locations": {"base": 1}, "source_representations": \(given)}
        """, tensors: ["row": [12]], saveTo: saveTo)().floats("intervened.logits")?.elements
    }
    let key = "layer_0_comp_block_output_unit_pos_nunit_1"
    let described = """
      "representations": [
        {"layer": 0, "intervention_type": "custom.Interpolate", "args": {"alpha": 0.25}},
        {"layer": 0, "intervention_type": "custom.Interpolate", "args": {"alpha": 0.75}}],
      "sorted_keys": ["\(key)#1", "\(key)#0"]
      """
    let given = #"{"\#(key)#0": "zeros", "\#(key)#1": "row"}"#
    let other = #"{"\#(key)#1": "zeros", "\#(key)#0": "row"}"#
    let first = try logits(described, given, saveTo: saved)
    #expect(try logits(#""saved_directory": "saved""#, given) == first)
    #expect(try logits(#""saved_directory": "saved""#, other) != first)
  }

  @Test
  func `one folder holds interventions of one form`() throws {
    let folder = try SpecFolder()
    let saved = folder.root.appendingPathComponent("saved").path
    let own = SpecFolder.forward(
      representation: #""layer": 0, "args": {"formula": "base"}"#, type: "expression",
      sources: "null", locations: #"{"base": 1}"#)
    _ = try folder.run(own, saveTo: saved)()
    #expect {
      _ = try folder.run(SpecFolder.forward(), saveTo: saved)
    } throws: {
      "\($0)".contains("interventions.json")
    }
    let text = try String(contentsOfFile: "\(saved)/interventions.json", encoding: .utf8)
    try text.replacing("\"layer\"", with: "\"leyer\"")
      .write(toFile: "\(saved)/interventions.json", atomically: true, encoding: .utf8)
    #expect {
      _ = try folder.run(Self.again)
    } throws: {
      "\($0)".contains("leyer")
    }
  }
}
