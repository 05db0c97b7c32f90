import Foundation
import Inputs
import Interventions
import Testing
import _TestSupport

/// Inputs with padding on either side.
struct PaddingTests {
  private func outputs(
    _ base: String, _ sources: String, _ locations: String, more: String = ""
  ) throws -> SpecOutputs {
    let folder = try SpecFolder()
    return try folder.run(
      """
      {"model": "tiny", "representations": {"layer": 0, "component": "block_output"},
       "base": {\(base)}, "sources": {\(sources)}, "unit_locations": \(locations)\(more)}
      """)()
  }

  private static let base =
    #""input_ids": [[0, 0, 1, 2, 3], [4, 4, 7, 1, 5]], "#
    + #""attention_mask": [[0, 0, 1, 1, 1], [1, 1, 1, 1, 1]]"#
  private static let sources =
    #""input_ids": [[0, 6, 2, 9, 8], [7, 3, 3, 1, 0]], "#
    + #""attention_mask": [[0, 1, 1, 1, 1], [1, 1, 1, 1, 0]]"#

  @Test
  func `padding on the left changes nothing, and places count it`() throws {
    let padded = try outputs(
      Self.base, Self.sources, #"{"sources->base": [[[[2], [1]]], [[[3], [2]]]]}"#)
    let logits = try #require(padded.floats("intervened.logits"))
    #expect(logits.shape == [2, 5, 20])
    for (example, own) in [
      ([1, 2, 3], [6, 2, 9, 8], 1, 1, 2), ([4, 4, 7, 1, 5], [7, 3, 3, 1], 1, 2, 0),
    ].enumerated() {
      let (base, source, from, to, before) = own
      let alone = try outputs(
        "\"input_ids\": [\(base)]", "\"input_ids\": [\(source)]",
        #"{"sources->base": [[[[\#(from)]]], [[[\#(to)]]]]}"#)
      for name in ["original.logits", "intervened.logits"] {
        let all = try #require(padded.floats(name)?.elements)
        let start = (example * 5 + before) * 20
        let found = Array(all[start..<start + base.count * 20])
        let expected = try #require(alone.floats(name)?.elements)
        #expect(Tolerance(absolute: 1e-6, relative: 1e-5).disagreement(found, expected) == nil)
      }
      #expect(logits.elements[example * 100..<example * 100 + before * 20].allSatisfy { $0 == 0 })
    }
  }

  @Test
  func `places from the end and names are an example's own`() throws {
    func logits(_ places: String) throws -> [Float]? {
      try outputs(Self.base, Self.base, #"{"sources->base": [\#(places), \#(places)]}"#)
        .floats("intervened.logits")?.elements
    }
    let expected = try logits("[[[4], [4]]]")
    #expect(try logits(#"[[["last"], ["last"]]]"#) == expected)
    #expect(try logits("[[[-1], [-1]]]") == expected)
    #expect(try logits(#"[[["4:"], ["4:5"]]]"#) == expected)
    #expect(try logits(#"[[["0:5:2"], ["0:5:2"]]]"#) == logits("[[[2, 4], [0, 2, 4]]]"))
    #expect(try logits(#"[[["all"], ["all"]]]"#) == logits("null"))
  }

  @Test
  func `labels of several positions count the padding too`() throws {
    func loss(_ base: String, _ positions: String) throws -> Float? {
      try SpecFolder().run(
        """
        {"model": "tiny", "kind": "gradient", "wrt": "interventions",
         "representations": {"layer": 0, "intervention_type": "expression",
           "args": {"formula": "base * s", "trained": {"s": {"start": [\
        2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2]}}}},
         "base": {\(base)}, "unit_locations": {"base": -1}, "labels": [[3, 4]],
         "objective": {"loss": "cross_entropy", "positions": \(positions)}}
        """)().floats("loss")?.elements.first
    }
    let padded = #""input_ids": [[0, 0, 1, 2, 3]], "attention_mask": [[0, 0, 1, 1, 1]]"#
    #expect(try loss(padded, "[2, 4]") == loss(#""input_ids": [[1, 2, 3]]"#, "[0, 2]"))
    #expect {
      try loss(padded, "[1, 4]")
    } throws: {
      "\($0)".contains("position 1, which attention_mask leaves out")
    }
  }

  @Test
  func `padding on the left of a prompt changes nothing of what is generated`() throws {
    func ids(_ base: String, _ place: Int) throws -> [[Int]]? {
      try SpecFolder().run(
        """
        {"model": "tiny", "kind": "generate",
         "generate": {"max_new_tokens": 3, "intervene_on_prompt": true},
         "representations": {"layer": 0, "intervention_type": "ZeroIntervention"},
         "base": {\(base)}, "unit_locations": {"base": \(place)}}
        """)().integers("intervened.ids")
    }
    let padded = #""input_ids": [[0, 0, 1, 2, 3]], "attention_mask": [[0, 0, 1, 1, 1]]"#
    #expect(try ids(padded, 3) == ids(#""input_ids": [[1, 2, 3]]"#, 1))
  }

  @Test
  func `a place in the padding and a mask with holes are refused`() throws {
    #expect {
      try outputs(Self.base, Self.sources, #"{"sources->base": [[[[2], [1]]], [[[1], [2]]]]}"#)
    } throws: {
      "\($0)".contains("position 1, which attention_mask leaves out")
    }
    #expect {
      try outputs(Self.base, Self.sources, #"{"sources->base": [[[[2], [1]]], [[["0:2"], [2]]]]}"#)
    } throws: {
      "\($0)".contains("which attention_mask leaves out")
    }
    #expect {
      try outputs(
        #""input_ids": [[0, 1, 2]], "attention_mask": [[1, 0, 1]]"#,
        #""input_ids": [[1, 2, 3]]"#, #"{"sources->base": 0}"#)
    } throws: {
      "\($0)".contains("attention_mask[0]")
    }
  }
}
