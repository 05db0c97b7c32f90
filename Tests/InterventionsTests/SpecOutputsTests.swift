import Checkpoints
import Foundation
import Inputs
import Interventions
import Testing

/// How outputs of examples of unequal lengths are written.
struct SpecOutputsTests {
  private static func generation(_ ids: String, _ more: String) -> String {
    """
    {"model": "tiny", "kind": "generate", "base": {"input_ids": \(ids)},
     "representations": {"layer": 1, "intervention_type": "ZeroIntervention"},
     "unit_locations": {"base": 0}, "generate": {"max_new_tokens": 3\(more)}}
    """
  }

  @Test(arguments: ["", #", "num_beams": 3"#, #", "soft": {"temperature": 1.0}"#])
  func `generations of unequal prompts are written padded, with their lengths`(
    more: String
  ) throws {
    let folder = try SpecFolder()
    let outputs = try folder.run(Self.generation("[[5, 6, 7, 8], [9, 10]]", more))()
    let rows = try #require(outputs.integers("intervened.ids"))
    #expect(rows.map(\.count) == [7, 5])
    #expect(outputs.lengths == [7, 5])
    #expect(outputs.lines.contains("out.intervened.ids  int64 [2, 7]"))
    #expect(outputs.lines.contains("out.lengths  int64 [2]"))

    let path = folder.root.appendingPathComponent("out.safetensors").path
    try outputs.write(to: path)
    let file = try SafetensorsFile(path)
    #expect(try file.integers("out.lengths") == [7, 5])
    for name in outputs.names where name.hasSuffix(".ids") {
      let own = try #require(outputs.integers(name))
      #expect(file.tensors["out.\(name)"]?.shape == [2, 7])
      #expect(
        try file.integers("out.\(name)")
          == own[0] + own[1] + [SpecOutputs.padding, SpecOutputs.padding], "\(name)")
    }
  }

  @Test
  func `prompts of one length have no lengths unless these are asked for`() throws {
    let folder = try SpecFolder()
    func outputs(_ more: String) throws -> SpecOutputs {
      try folder.run(
        SpecFolder.forward(more: more))()
    }
    #expect(!(try outputs("").names.contains("lengths")))
    #expect(try outputs(#", "expected": ["lengths"]"#).lengths == [4])
  }

  @Test
  func `logits of masked examples keep the mask's shape`() throws {
    let folder = try SpecFolder()
    func outputs(_ base: String) throws -> SpecOutputs {
      let text = """
        {"model": "tiny", "base": {\(base)}, "unit_locations": {"base": 1},
         "representations": {"layer": 1, "intervention_type": "ZeroIntervention"}}
        """
      let path = folder.root.appendingPathComponent("masked.json").path
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
      var writer = SafetensorsWriter()
      writer.add("in.ids", shape: [2, 3], [5, 6, 7, 9, 10, 0])
      writer.add("in.mask", shape: [2, 3], [1, 1, 1, 1, 1, 0])
      writer.add("in.holed", shape: [2, 3], [1, 1, 1, 1, 0, 1])
      try writer.write(to: folder.root.appendingPathComponent("masked.safetensors").path)
      return try SpecRun(path, options: .init(models: folder.models))()
    }
    let masked = try outputs(#""input_ids": "ids", "attention_mask": "mask""#)
    let packed = try #require(
      try outputs(#""input_ids": [[5, 6, 7], [9, 10]]"#).floats("intervened.logits"))
    let logits = try #require(masked.floats("intervened.logits"))
    #expect(masked.lengths == [3, 2])
    let refusal = #expect(throws: Refusal.self) {
      try outputs(#""input_ids": "ids", "attention_mask": "holed""#)
    }
    #expect(refusal?.field == "base.attention_mask[1]")
    #expect(logits.shape == [2, 3, 20])
    #expect(logits.elements == packed.elements + Array(repeating: 0, count: 20))
  }

  @Test
  func `logits of unequal examples are packed, and lengths cut them`() throws {
    let folder = try SpecFolder()
    func outputs(_ ids: String) throws -> SpecOutputs {
      try folder.run(
        """
        {"model": "tiny", "base": {"input_ids": \(ids)}, "unit_locations": {"base": 1},
         "representations": {"layer": 1, "intervention_type": "ZeroIntervention"}}
        """)()
    }
    let both = try outputs("[[5, 6, 7], [9, 10]]")
    let lengths = try #require(both.lengths)
    #expect(lengths == [3, 2])
    let packed = try #require(both.floats("intervened.logits"))
    #expect(packed.shape == [5, 20])
    let second = try #require(try outputs("[[9, 10]]").floats("intervened.logits"))
    #expect(Array(packed.elements[(lengths[0] * 20)...]) == second.elements)
  }
}
