import Foundation
import Inputs
import Interventions
import Testing

/// Wrong specifications are refused before any work, by field.
struct SpecRefusalTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let text: String
    let words: [String]

    init(_ what: String, _ text: String, _ words: String...) {
      testDescription = what
      self.text = text
      self.words = words
    }
  }

  private typealias Spec = SpecFolder

  static let cases: [Case] = [
    Case(
      "an unknown field", SpecFolder.forward(more: #", "unit_location": 3"#), "unit_location",
      "did you mean that"),
    Case(
      "a component that the model lacks",
      SpecFolder.forward(representation: #""layer": 1, "component": "cell_output""#),
      "representations[0].component", "cell_output", "block_output"),
    Case(
      "a misspelt component",
      SpecFolder.forward(representation: #""layer": 1, "component": "blok_output""#),
      "(block_output?)"),
    Case(
      "a module path that the model lacks",
      SpecFolder.forward(representation: #""component": "transformer.h[7].mlp.output""#),
      "transformer.h[7].mlp.output"),
    Case(
      "a layer that the model lacks",
      SpecFolder.forward(representation: #""layer": 2, "component": "block_output""#), "layer 2",
      "0 to 1"),
    Case(
      "a unit that the component lacks",
      SpecFolder.forward(representation: #""layer": 1, "component": "mlp_output", "unit": "h""#),
      "representations[0].unit", "pos"),
    Case(
      "an unknown unit",
      SpecFolder.forward(representation: #""layer": 1, "component": "mlp_output", "unit": "po""#),
      "pos (did you mean that?)"),
    Case(
      "an unknown type", SpecFolder.forward(type: "VanilaIntervention"),
      "VanillaIntervention (did you mean that?)"),
    Case(
      "places outside the example", SpecFolder.forward(locations: #"{"sources->base": [0, 4]}"#),
      "unit_locations (base)", "position 4", "0 to 3"),
    Case(
      "places outside the source", SpecFolder.forward(locations: #"{"sources->base": [9, 0]}"#),
      "unit_locations (sources)", "position 9"),
    Case(
      "a place before the first", SpecFolder.forward(locations: #"{"sources->base": [0, -5]}"#),
      "position -5"),
    Case(
      "a head outside the site",
      SpecFolder.forward(
        representation: #""layer": 1, "component": "head_query_output", "unit": "h""#,
        locations: #"{"sources->base": [[[[0]]], [[[3]]]]}"#), "head 3", "0 to 2"),
    Case(
      "a token that the model lacks",
      SpecFolder.forward(sources: #"[{"input_ids": [[4, 5, 20, 7]]}]"#),
      "sources[0].input_ids[0][2]: found token 20"),
    Case(
      "unequal numbers of units",
      SpecFolder.forward(locations: #"{"sources->base": [[[[0, 1]]], [[[3]]]]}"#),
      "2 units in the source", "1, as many as in the base"),
    Case(
      "places of too many interventions",
      SpecFolder.forward(locations: #"{"sources->base": [[[[0]], [[1]]], [[[3]], [[1]]]]}"#),
      "places of 2 interventions"),
    Case(
      "places of too many examples",
      SpecFolder.forward(locations: #"{"sources->base": [[[[0], [1]]], [[[3], [1]]]]}"#),
      "places of 2 examples"),
    Case(
      "short places for pairs",
      SpecFolder.forward(
        representation: #""layer": 1, "component": "head_query_output", "unit": "h.pos""#),
      "places without heads"),
    Case(
      "an unknown key of places", SpecFolder.forward(locations: #"{"source->base": 2}"#),
      "sources->base (did you mean that?)"),
    Case("sources missing", SpecFolder.forward(sources: "null"), "sources", "no source"),
    Case(
      "too many sources",
      SpecFolder.forward(
        sources: #"[{"input_ids": [[4, 5, 6, 7]]}, {"input_ids": [[4, 5, 6, 7]]}]"#),
      "2 sources", "expected 1"),
    Case(
      "a source of another batch",
      SpecFolder.forward(sources: #"[{"input_ids": [[4, 5, 6, 7], [4, 5, 6, 7]]}]"#),
      "2 examples", "1, as many as the base has"),
    Case(
      "no places in the sources", SpecFolder.forward(locations: #"{"base": 2}"#),
      "places in the base only"),
    Case(
      "a token outside the vocabulary",
      SpecFolder.forward(sources: #"[{"input_ids": [[4, 5, 20, 7]]}]"#), "sources[0]", "token 20"),
    Case(
      "subspaces outside the width", SpecFolder.forward(more: #", "subspaces": [0, 12]"#),
      "subspaces", "coordinate 12", "0 to 11"),
    Case(
      "a part that the partition lacks",
      SpecFolder.forward(
        representation:
          #""layer": 1, "component": "block_output", "subspace_partition": [[0, 4], [4, 12]]"#,
        more: #", "subspaces": 2"#), "part 2", "0 to 1"),
    Case(
      "a partition outside the width",
      SpecFolder.forward(
        representation:
          #""layer": 1, "component": "block_output", "subspace_partition": [[0, 13]]"#),
      "subspace_partition[0]", "coordinate 12"),
    Case(
      "more coordinates than there are",
      SpecFolder.forward(
        representation: #""layer": 1, "component": "block_output", "interchange_dim": 13"#),
      "interchange_dim", "1 to 12"),
    Case(
      "an intervention of another width",
      SpecFolder.forward(
        representation: #""layer": 1, "component": "block_output", "embed_dim": 24"#),
      "embed_dim", "12: one unit"),
    Case(
      "parameters of another width",
      SpecFolder.forward(
        representation:
          #""layer": 1, "component": "block_output", "params": {"mask": "eight"}"#,
        type: "SigmoidMaskIntervention"), "params.mask", "shape [8]", "[12]"),
    Case(
      "a rotation over fewer units than there are places",
      SpecFolder.forward(
        type: "RotatedSpaceIntervention", locations: #"{"sources->base": [0, 1, 2]}"#),
      "a rotation of width 12", "36"),
    Case(
      "an unknown parameter",
      SpecFolder.forward(
        representation:
          #""layer": 1, "component": "block_output", "params": {"masks": "eight"}"#,
        type: "SigmoidMaskIntervention"), "mask (did you mean that?)"),
    Case(
      "an unknown tensor",
      SpecFolder.forward(
        representation:
          #""layer": 1, "component": "block_output", "source_representation": "eigth""#),
      "eigth", "the nearest name is \"eight\""),
    Case(
      "a constant of another width",
      SpecFolder.forward(
        representation:
          #""layer": 1, "component": "block_output", "source_representation": "eight""#),
      "shape [8]", "[12]"),
    Case(
      "a type that needs an argument", SpecFolder.forward(type: "custom.Scale"), "no args",
      "factor"),
    Case(
      "an unknown argument",
      SpecFolder.forward(
        representation: #""layer": 1, "component": "block_output", "args": {"fator": 2}"#,
        type: "custom.Scale"), "factor (did you mean that?)"),
    Case(
      "a module whose input is no site",
      SpecFolder.forward(
        representation: #""layer": 1, "component": "mlp_activation""#, type: "SkipIntervention"),
      "mlp_activation for SkipIntervention"),
    Case(
      "a link between types",
      SpecRefusalTests.pair(
        #""intervention_link_key": 0, "intervention_type": "ZeroIntervention""#,
        #""intervention_link_key": 0, "intervention_type": "VanillaIntervention""#),
      "intervention_link_key", "VanillaIntervention with ZeroIntervention"),
    Case(
      "a group left out", SpecRefusalTests.pair(#""group_key": 0"#, #""layer": 0"#),
      "no group_key"),
    Case(
      "groups out of order", SpecRefusalTests.pair(#""group_key": 1"#, #""group_key": 0"#),
      "group 1 after none"),
    Case(
      "types for some only",
      SpecRefusalTests.pair(#""layer": 0"#, #""intervention_type": "ZeroIntervention""#),
      "no intervention_type"),
    Case(
      "a cycle in serial mode",
      SpecRefusalTests.pair(
        #""layer": 0"#, #""layer": 1"#,
        more: #""mode": "serial", "unit_locations": {"source_1->source_0": 1}"#),
      "source_1->source_0", "cycle"),
    Case(
      "a step of serial mode left out",
      SpecRefusalTests.pair(
        #""layer": 0"#, #""layer": 1"#,
        more: #""mode": "serial", "unit_locations": {"source_0->source_1": 1}"#),
      "source_1->base"),
    Case(
      "an output that the run does not give",
      SpecFolder.forward(more: #", "expected": ["intervened.logit"]"#),
      "intervened.logits (did you mean that?)"),
  ]

  private static func pair(_ first: String, _ second: String, more: String? = nil) -> String {
    """
    {"model": "tiny", "base": {"input_ids": [[1, 2, 3]]},
     "representations": [{"component": "block_output", \(first)},
                         {"component": "block_output", \(second)}],
     "sources": [{"input_ids": [[4, 5, 6]]}, {"input_ids": [[7, 8, 9]]}],
     \(more ?? #""unit_locations": {"sources->base": 1}"#)}
    """
  }

  @Test(arguments: cases)
  func `a wrong specification is refused with its field`(one: Case) throws {
    let folder = try SpecFolder()
    #expect {
      _ = try folder.run(one.text, tensors: ["eight": [8]])()
    } throws: { error in
      guard let refusal = error as? Refusal else { return false }
      let missing = one.words.filter { !"\(refusal)".contains($0) }
      if !missing.isEmpty { Issue.record("\(refusal): no \(missing)") }
      return refusal.kind == .job && refusal.file.hasSuffix("job.json")
    }
  }

  @Test
  func `the specification that the cases spoil is accepted`() throws {
    let folder = try SpecFolder()
    let outputs = try folder.run(SpecFolder.forward())()
    #expect(outputs.names == ["original.logits", "intervened.logits"])
    #expect(outputs.floats("intervened.logits")?.shape == [1, 4, 20])
    let naive = try folder.run(SpecFolder.forward(), isNaive: true)()
    #expect(
      naive.floats("intervened.logits")?.elements == outputs.floats("intervened.logits")?.elements)
  }

  @Test
  func `a specification cut short at any byte is refused`() throws {
    let folder = try SpecFolder()
    let text = Array(SpecFolder.forward().utf8)
    for end in stride(from: 0, to: text.count - 1, by: 7) {
      #expect(throws: Refusal.self) {
        try folder.run(String(decoding: text[..<end], as: UTF8.self))
      }
    }
  }
}
