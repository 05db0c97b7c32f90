import Foundation
import Inputs
import Interventions
import Testing
import _TestSupport

/// A `config.json` of the reference as a specification's interventions.
struct ConfigSpecTests {
  private static let call = """
    "base": {"input_ids": [[1, 2, 3, 9]]}, "sources": [{"input_ids": [[4, 5, 6, 7]]}],
    "unit_locations": {"sources->base": 2}
    """

  @Test
  func `a config and inputs beside it are a specification`() throws {
    let folder = try SpecFolder()
    let saved = folder.root.appendingPathComponent("saved").path
    let first = try folder.run(SpecFolder.forward(), saveTo: saved)()
    for config in ["saved", "saved/config.json", saved] {
      let again = try folder.run(
        #"{"model": "tiny", "config": "\#(config)", \#(Self.call)}"#)()
      #expect(
        again.floats("intervened.logits")?.elements
          == first.floats("intervened.logits")?.elements)
    }
  }

  @Test
  func `what has a state starts anew`() throws {
    let folder = try SpecFolder()
    let saved = folder.root.appendingPathComponent("saved").path
    let rotation = SpecFolder.forward(
      representation: #""layer": 1, "component": "block_output", "low_rank_dimension": 2"#,
      type: "LowRankRotatedSpaceIntervention")
    let first = try folder.run(rotation, saveTo: saved)()
    for name in try FileManager.default.contentsOfDirectory(atPath: saved)
    where name.hasSuffix(".bin") {
      try FileManager.default.removeItem(atPath: "\(saved)/\(name)")
    }
    let again = try folder.run(#"{"model": "tiny", "config": "saved", \#(Self.call)}"#)()
    #expect(
      again.floats("intervened.logits")?.elements
        == first.floats("intervened.logits")?.elements)
  }

  @Test(arguments: [
    (#""config": "nowhere""#, "nowhere/config.json"),
    (#""config": "saved", "mode": "serial""#, "mode for a config"),
    (#""config": "saved", "representations": []"#, "representations for a config"),
    (#""config": "saved", "saved_directory": "saved""#, "config beside saved_directory"),
    (#""config": "saved", "include_model": true"#, "include_model"),
    (#""config": "saved", "intervention_types": "ZeroIntervention""#, "intervention_types for"),
    (#""mode": "parallel""#, "representations"),
  ])
  func `a config that is none, or that others contradict, is refused`(
    fields: String, words: String
  ) throws {
    let folder = try SpecFolder()
    _ = try folder.run(
      SpecFolder.forward(), saveTo: folder.root.appendingPathComponent("saved").path)()
    #expect {
      _ = try folder.run(#"{"model": "tiny", \#(fields), \#(Self.call)}"#)()
    } throws: {
      "\($0)".contains(words)
    }
  }
}
