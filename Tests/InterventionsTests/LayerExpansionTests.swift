import Foundation
import Inputs
import Interventions
import Testing
import _TestSupport

/// One representation for several layers.
struct LayerExpansionTests {
  private func outputs(
    _ folder: SpecFolder, _ representations: String, locations: String = #"{"base": 2}"#,
    more: String = ""
  ) throws -> SpecOutputs {
    try folder.run(
      """
      {"model": "tiny", "representations": [\(representations)],
       "base": {"input_ids": [[1, 2, 3, 9]]}, "unit_locations": \(locations)\(more)}
      """)()
  }

  private func collect(_ layer: String, component: String = "block_output") -> String {
    #"{"layer": \#(layer), "component": "\#(component)", "#
      + #""intervention_type": "CollectIntervention"}"#
  }

  private func collected(_ outputs: SpecOutputs) -> [[Float]] {
    outputs.names.filter { $0.hasPrefix("collected.") }
      .compactMap { outputs.floats($0)?.elements }
  }

  @Test
  func `layers stand for a representation each, in the order in which they are written`() throws {
    let folder = try SpecFolder()
    let both = try collected(outputs(folder, "\(collect("0")), \(collect("1"))"))
    #expect(both.count == 2)
    #expect(both[0] != both[1])
    for layers in [#""all""#, #""0:2""#, "[0, 1]", #"[0, "-1:"]"#, #""-2:""#, "[0, -1]"] {
      #expect(try collected(outputs(folder, collect(layers))) == both, "\(layers)")
    }
    #expect(try collected(outputs(folder, collect("[1, 0]"))) == [both[1], both[0]])
    #expect(try collected(outputs(folder, collect("-1"))) == [both[1]])
    #expect(try collected(outputs(folder, collect(#""0:2:2""#))) == [both[0]])
    let path = collect(#""all""#, component: "transformer.h[{layer}].output")
    #expect(try collected(outputs(folder, path)) == both)
  }

  @Test
  func `what is given once goes to each layer, in lists by representation as written`() throws {
    let folder = try SpecFolder()
    func logits(
      _ representations: String, _ locations: String, _ subspaces: String, _ sources: String
    ) throws -> [Float]? {
      try outputs(
        folder, representations, locations: locations,
        more: #", "subspaces": \#(subspaces), "sources": \#(sources)"#
      ).floats("intervened.logits")?.elements
    }
    func vanilla(_ layer: String, _ component: String) -> String {
      #"{"layer": \#(layer), "component": "\#(component)"}"#
    }
    let written = [vanilla(#""all""#, "mlp_output"), vanilla("0", "attention_output")]
      .joined(separator: ", ")
    let apart = [
      vanilla("0", "mlp_output"), vanilla("1", "mlp_output"), vanilla("0", "attention_output"),
    ].joined(separator: ", ")
    let (a, b) = (#"{"input_ids": [[4, 5, 6, 7]]}"#, #"{"input_ids": [[7, 7, 2, 1]]}"#)
    let expected = try logits(
      apart, #"{"sources->base": [[[[1]], [[1]], [[2]]], [[[1]], [[1]], [[2]]]]}"#,
      "[[[0, 1]], [[0, 1]], [[5]]]", "[\(a), \(a), \(b)]")
    #expect(
      try logits(
        written, #"{"sources->base": [[[[1]], [[2]]], [[[1]], [[2]]]]}"#, "[[[0, 1]], [[5]]]",
        "[\(a), \(b)]") == expected)
  }

  @Test(arguments: [
    ("-3", "a layer from -2 to 1"), (#""1:3""#, "a layer from -2 to 1"),
    (#""1:1""#, "a layer from -2 to 1"), (#""some""#, "a layer from -2 to 1"),
    ("[0, 0]", "layer 0 twice"), ("[]", "no layers"), ("2", "2"), ("1.5", "1.5"),
  ])
  func `layers that are none are refused`(layer: String, words: String) throws {
    let folder = try SpecFolder()
    #expect {
      try outputs(folder, collect(layer))
    } throws: {
      ($0 as? Refusal).map { "\($0)".contains(words) } ?? false
    }
  }

  @Test
  func `a path names its layer, or leaves it open`() throws {
    let folder = try SpecFolder()
    #expect {
      try outputs(folder, collect(#""all""#, component: "transformer.h[0].output"))
    } throws: {
      "\($0)".contains("{layer}")
    }
  }
}
