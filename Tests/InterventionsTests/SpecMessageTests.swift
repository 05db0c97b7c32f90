import Foundation
import Inputs
import Interventions
import Testing

/// What misled people who came from the reference, and what they are told now.
struct SpecMessageTests {
  private func expectRefusal(
    _ text: String, tensors: [String: [Int]] = [:], _ words: String...
  ) throws {
    let folder = try SpecFolder()
    #expect {
      try folder.run(text, tensors: tensors)()
    } throws: { error in
      let missing = words.filter { !"\(error)".contains($0) }
      if !missing.isEmpty { Issue.record("\(error): no \(missing)") }
      return error is Refusal
    }
  }

  @Test
  func `a tensor without a file is refused by its field and the file that is missing`() throws {
    let folder = try SpecFolder()
    let text = SpecFolder.forward(
      representation: #""layer": 1, "params": {"mask": "one"}"#, type: "SigmoidMaskIntervention")
    let run = { try folder.run(text, hasTensors: false) }
    #expect {
      _ = try run()
    } throws: { error in
      ["representations[0].params.mask", "\"one\"", "job.safetensors", "in.one"].allSatisfy {
        "\(error)".contains($0)
      }
    }
  }

  @Test
  func `joined units of another number are told of max_number_of_units`() throws {
    try expectRefusal(
      SpecFolder.forward(
        type: "RotatedSpaceIntervention", locations: #"{"sources->base": [[[[0, 1]]], [[[2, 3]]]]}"#
      ),
      "unit_locations", "2 units", "max_number_of_units", "width 12")
  }

  @Test
  func `a place of the prompt among new tokens is told of intervene_on_prompt`() throws {
    try expectRefusal(
      """
      {"model": "tiny", "kind": "generate", "base": {"input_ids": [[1, 2, 3, 9]]},
       "representations": {"layer": 1, "intervention_type": "ZeroIntervention"},
       "unit_locations": {"base": 3}, "generate": {"max_new_tokens": 2}}
      """, "position 3", "intervene_on_prompt: true")
  }

  @Test
  func `a name cut short is taken for its whole`() throws {
    try expectRefusal(
      SpecFolder.forward(representation: #""layer": 1, "component": "mlp_out""#), "(mlp_output?)")
  }

  @Test
  func `rows that are packed have lengths though they are not asked for`() throws {
    let folder = try SpecFolder()
    func names(_ ids: String) throws -> [String] {
      try folder.run(
        """
        {"model": "tiny", "base": {"input_ids": \(ids)}, "unit_locations": {"base": 1},
         "representations": {"layer": 1, "intervention_type": "ZeroIntervention"},
         "expected": ["intervened.logits"]}
        """)().names
    }
    #expect(try names("[[5, 6, 7], [9, 10]]") == ["intervened.logits", "lengths"])
    #expect(try names("[[5, 6], [9, 10]]") == ["intervened.logits"])
  }

  @Test
  func `prompt lengths cut generated rows`() throws {
    let folder = try SpecFolder()
    let outputs = try folder.run(
      """
      {"model": "tiny", "kind": "generate", "base": {"input_ids": [[5, 6, 7], [9, 10]]},
       "representations": {"layer": 1, "intervention_type": "ZeroIntervention"},
       "unit_locations": {"base": 0}, "generate": {"max_new_tokens": 2}}
      """)()
    #expect(outputs.promptLengths == [3, 2])
    let rows = try #require(outputs.integers("intervened.ids"))
    #expect(rows.map { Array($0.prefix(2)) } == [[5, 6], [9, 10]])
  }

  @Test
  func `paths start from the specification's folder, and absolute ones stay`() throws {
    let folder = try SpecFolder()
    let saved = folder.root.appendingPathComponent("saved").path
    _ = try folder.run(SpecFolder.forward(), saveTo: saved)()
    func logits(_ directory: String, _ model: String) throws -> [Float]? {
      try folder.run(
        """
        {"model": "\(model)", "saved_directory": "\(directory)", "base": {"input_ids": [[1, 2, 3, 9]]},
         "sources": [{"input_ids": [[4, 5, 6, 7]]}], "unit_locations": {"sources->base": 2}}
        """)().floats("intervened.logits")?.elements
    }
    let expected = try folder.run(SpecFolder.forward())().floats("intervened.logits")?.elements
    #expect(try logits("saved", "tiny") == expected)
    #expect(try logits(saved, "models/tiny") == expected)
    #expect(try logits("models/../saved", folder.models + "/tiny") == expected)
    #expect(throws: Refusal.self) { try logits("~/saved", "tiny") }
  }

  @Test
  func `descriptions beside a folder that are of others are refused`() throws {
    let folder = try SpecFolder()
    _ = try folder.run(
      SpecFolder.forward(), saveTo: folder.root.appendingPathComponent("saved").path)()
    #expect {
      try folder.run(
        """
        {"model": "tiny", "saved_directory": "saved", "base": {"input_ids": [[1, 2, 3, 9]]},
         "representations": {"layer": 0}, "sources": [{"input_ids": [[4, 5, 6, 7]]}]}
        """)()
    } throws: {
      "\($0)".contains("layer_0_comp_block_output") && "\($0)".contains("layer_1_comp_block_output")
    }
  }
}
