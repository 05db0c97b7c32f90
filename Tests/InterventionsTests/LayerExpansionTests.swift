import Foundation
import Inputs
import Models
import Testing
import _TestSupport

@testable import Interventions

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
  func `lists of ranges are of all, though there are as many as representations`() throws {
    let folder = try SpecFolder()
    func logits(_ places: String, _ subspaces: String) throws -> [Float]? {
      try outputs(
        folder,
        #"{"layer": "all", "component": "mlp_output"}, {"layer": 0, "component": "attention_output"}"#,
        locations: #"{"sources->base": \#(places)}"#,
        more: #", "subspaces": \#(subspaces), "sources": {"input_ids": [[4, 5, 6, 7]]}"#
      ).floats("intervened.logits")?.elements
    }
    let expected = try logits(
      "[[[[1, 2]], [[1, 2]], [[1, 2]]], [[[1, 2]], [[1, 2]], [[1, 2]]]]",
      "[0, 1, 2, 3, 8, 9, 10, 11]")
    #expect(try logits(#"["1:3", "-3:-1"]"#, #"["0:4", "8:"]"#) == expected)
    #expect(try logits(#"["1:3", "-3:-1"]"#, #"["0:4", 8]"#) != expected)
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

  private func layers(
    _ layer: String, _ component: String, in model: ResNetModel<Float>
  ) throws -> [Int] {
    let text = #"{"representations": {"layer": \#(layer), "component": "\#(component)"}}"#
    let document = JSONField(
      try JSON.parse(Array(text.utf8), file: "a", kind: .job), file: "a", kind: .job)
    return try LayerExpansion(model: model)(document).document["representations"].items()
      .map { try $0["layer"].int() }
  }

  @Test
  func `all layers are those that have the component`() throws {
    let model = try #require(
      ResNetShape.small.map { ResNetModel<Float>.random($0) }.first { model in
        let own = Set(
          model.sites.filter { $0.site == .shortcutConvolutionOutput }.flatMap(\.layers))
        return !own.isEmpty && own.count < model.shape.layers
      })
    let some = model.sites.filter { $0.site == .shortcutConvolutionOutput }.flatMap(\.layers)
    let name = Site.shortcutConvolutionOutput.rawValue
    #expect(try layers(#""all""#, name, in: model) == some.sorted())
    #expect(try layers(#"["all"]"#, name, in: model) == some.sorted())
    let text = #"{"representations": [{"layer": "all", "component": "\#(name)"}, {"layer": 0}]}"#
    let document = JSONField(
      try JSON.parse(Array(text.utf8), file: "a", kind: .job), file: "a", kind: .job)
    #expect(try SpecRun.layersOfAll(in: document, on: model) == some.sorted())
    #expect(try layers(#""all""#, "block_output", in: model) == Array(0..<model.shape.layers))
    let first = try #require(Set(0..<model.shape.layers).subtracting(some).min())
    let refusal = #expect(throws: Refusal.self) { try layers("[\(first)]", name, in: model) }
    #expect(try #require(refusal).expected.contains("\"all\""))
  }

  @Test(arguments: [
    (
      #", "args": {"factor": 2}"#, #"{"base": 2}"#, "", "representations[0].args.factor"
    ),
    (
      #", "params": {"mask": "rows.npy:{layer}"}"#, #"{"base": 2}"#, "",
      "representations[0].params.mask"
    ),
    ("", #"{"base": [[[2]], [["x"]]]}"#, "", "unit_locations.base[1][0][0]"),
    ("", #"{"base": 2}"#, #", "subspaces": [null, [["a"]]]"#, "subspaces[1][0][0]"),
  ])
  func `what is refused is named as it is written, with its layer`(
    first: String, locations: String, more: String, field: String
  ) throws {
    let folder = try SpecFolder()
    try folder.write("rows.npy", shape: [1, 12], Array(0..<12))
    let type = first.contains("mask") ? "SigmoidMaskIntervention" : "ZeroIntervention"
    let refusal = #expect(throws: Refusal.self) {
      try outputs(
        folder,
        #"{"layer": "all", "intervention_type": "\#(type)"\#(first)}, "#
          + #"{"layer": 0, "component": "mlp_output", "intervention_type": "ZeroIntervention"}"#,
        locations: locations,
        more: more
          + (type.hasPrefix("Sigmoid") ? #", "sources": {"input_ids": [[4, 5, 6, 7]]}"# : ""))
    }
    #expect(refusal?.field == field, "\(refusal.map { "\($0)" } ?? "")")
    if first.contains("mask") { #expect(refusal?.found.hasSuffix("(layer 1)") == true) }
  }

  @Test
  func `one representation without a list has no number`() throws {
    let folder = try SpecFolder()
    let refusal = #expect(throws: Refusal.self) {
      try folder.run(
        """
        {"model": "tiny", "base": {"input_ids": [[1, 2, 3, 9]]}, "unit_locations": {"base": 2},
         "representations": {"layer": "all", "intervention_type": "ZeroIntervention",
           "embed_dim": 5}}
        """)
    }
    #expect(refusal?.field == "representations.embed_dim")
    #expect(refusal?.found.hasSuffix("(layer 0)") == true)
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
