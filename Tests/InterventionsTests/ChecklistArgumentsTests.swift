import Inputs
import Models
import Tensors
import Testing
import _TestSupport

@testable import Interventions

/// The short and long forms of a call's arguments: group F of the checklist.
struct ChecklistArgumentsTests {
  private let two = [UnitAxis.position, .position]

  private func parallel(
    _ text: String?, _ axes: [UnitAxis], examples: Int = 2
  ) throws -> [(source: UnitPlaces?, base: UnitPlaces)] {
    let lengths = InputLengths(Array(repeating: 10, count: examples))
    return try UnitLocationsReading(
      entries: axes.map {
        .init(
          grid: UnitGrid(axis: $0, blockCount: 4, blockWidth: 1), source: lengths, base: lengths)
      }, examples: examples
    ).parallel(text.map(ChecklistSpecTests.field))
  }

  private func at(_ positions: Int...) -> UnitPlaces { UnitPlaces(positions: .same(positions)) }

  private func expect(
    _ text: String?, _ source: UnitPlaces?, _ base: UnitPlaces,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let sides = try parallel(text, two)
    #expect(sides.map(\.source) == [source, source], sourceLocation: sourceLocation)
    #expect(sides.map(\.base) == [base, base], sourceLocation: sourceLocation)
  }

  @Test
  func `short forms of places go to every intervention, example and side`() throws {
    try expect(nil, .whole, .whole)
    try expect(#"{"sources->base": 3}"#, at(3), at(3))
    try expect(#"{"sources->base": [1, 2]}"#, at(1), at(2))
    try expect(#"{"sources->base": [null, 2]}"#, .whole, at(2))
    try expect(#"{"sources->base": [1, null]}"#, at(1), .whole)
    try expect(#"{"sources->base": [4, 5, 6]}"#, at(4, 5, 6), at(4, 5, 6))
    try expect(#"{"sources->base": [7]}"#, at(7), at(7))
    try expect(#"{"base": 3}"#, nil, at(3))
    try expect(#"{"base": [3, 4]}"#, nil, at(3, 4))
    try expect(#"{"sources->base": null}"#, .whole, .whole)
  }

  @Test
  func `long forms are by intervention and example`() throws {
    let sides = try parallel(
      #"{"sources->base": [[[[0, 1], [2, 3]], null], [[[4, 5], [6, 7]], [[8]]]]}"#, two)
    #expect(sides[0].source == UnitPlaces(positions: .each([[0, 1], [2, 3]])))
    #expect(sides[0].base == UnitPlaces(positions: .each([[4, 5], [6, 7]])))
    #expect(sides[1].source == .whole)
    #expect(sides[1].base == at(8))
  }

  @Test
  func `pairs have heads, then positions`() throws {
    let sides = try parallel(
      #"{"base": [[[[3], [1]], [[0, 2], [4, 5]]], [[2], [2]]]}"#, [.headPosition, .head])
    #expect(
      sides[0].base == UnitPlaces(blocks: .each([[3], [1]]), positions: .each([[0, 2], [4, 5]])))
    #expect(sides[1].base == UnitPlaces(blocks: .same([2])))
  }

  @Test(arguments: [
    (#"{"base": [[[1], [2], [3]], [[1]]]}"#, "places of 3 examples;2, one list for each"),
    (#"{"base": [[[1]]]}"#, "places of 1 interventions;2, or null for each"),
    (#"{"base": [[1], [2]]}"#, "base[0][0]"),
    (#"{"sources->base": [[[[1]], [[1]]], null, null]}"#, "a list of 3"),
    (#"{"sources->base": 1, "base": 1}"#, "2 keys;either"),
    (#"{}"#, "0 keys"),
    (#"{"base": 1.5}"#, "base"),
    (#"3"#, "an object"),
  ])
  func `places that do not fit are refused`(text: String, words: String) throws {
    expectSavedRefusal(words, kind: .job) { try parallel(text, two) }
  }

  private func subspaces(_ text: String) throws -> [Coordinates?] {
    let specs = try InterventionSpec(
      ChecklistSpecTests.field(
        """
        {"model": "tiny", "base": {"input_ids": [[1]]}, "representations": [
          {"component": "block_output"},
          {"component": "block_output", "subspace_partition": [[0, 2], [5, 3, 2], [2, 6]]}]}
        """)
    ).representations
    return try SubspacesReading(examples: 2, representations: specs, counts: [6, 6])(
      ChecklistSpecTests.field(text))
  }

  @Test(arguments: [
    #"{"layer_0_comp_mlp_output_unit_pos_nunit_1#0": "v"}"#, #"["v", null]"#,
  ])
  func `values for some interventions leave out the others`(values: String) throws {
    let folder = try SpecFolder()
    func logits(_ representations: String, _ values: String) throws -> [Float]? {
      try folder.run(
        """
        {"model": "tiny", "base": {"input_ids": [[1, 2, 3, 9]]},
         "unit_locations": {"sources->base": 2}, "source_representations": \(values),
         "representations": [{"layer": 0, "component": "mlp_output"}\(representations)]}
        """, tensors: ["v": [12]])().floats("intervened.logits")?.elements
    }
    let partial = try logits(#", {"layer": 1}"#, values)
    #expect(try partial == logits("", #"["v"]"#))
    #expect(try partial != logits(#", {"layer": 1}"#, #""v""#))
  }

  @Test(arguments: [
    #"{"layer_0_comp_mlp_output_unit_pos_nunit_1#0": "w"}"#, #"["w"]"#, #""w""#,
  ])
  func `a constant of the description stays, whatever a call gives`(values: String) throws {
    let folder = try SpecFolder()
    func logits(_ constant: String, _ values: String) throws -> [Float]? {
      try folder.run(
        """
        {"model": "tiny", "base": {"input_ids": [[1, 2, 3, 9]]}, "unit_locations": {"base": 2},
         "source_representations": \(values), "representations": {"layer": 0, "component":
           "mlp_output", "intervention_type": "AdditionIntervention",
           "source_representation": \(constant)}}
        """, tensors: ["v": [12], "w": [12]])().floats("intervened.logits")?.elements
    }
    let alone = try logits(#""v""#, "null")
    #expect(try logits(#""v""#, values) == alone)
    #expect(try logits("null", values) != alone)
  }

  @Test
  func `subspaces are numbers, lists, or lists by intervention and example`() throws {
    #expect(try subspaces("1") == [.shared([1]), .shared([5, 3, 2])])
    #expect(try subspaces("[0, 1]") == [.shared([0, 1]), .shared([0, 1, 5, 3, 2])])
    #expect(try subspaces("[null, [[2]]]") == [nil, .shared([2, 3, 4, 5])])
    // Parts of unequal sizes.
    #expect(
      try subspaces("[[[4], [0, 1]], [[1], [2]]]")
        == [.perVector([[4], [0, 1]]), .perVector([[5, 3, 2], [2, 3, 4, 5]])])
    #expect(try subspaces("[[[4], [4]], null]") == [.shared([4]), nil])
  }

  @Test(arguments: [
    ("BoundlessRotatedSpaceIntervention", ""), ("SigmoidMaskIntervention", ""),
    ("SigmoidMaskRotatedSpaceIntervention", ""), ("NoiseIntervention", ""),
    ("custom.Scale", #", "args": {"factor": 2.5}"#),
    ("custom.Interpolate", #", "args": {"alpha": 0.3}"#),
  ])
  func `types that choose by themselves ignore subspaces`(type: String, more: String) throws {
    let folder = try SpecFolder()
    func logits(_ subspaces: String) throws -> [Float]? {
      try folder.run(
        SpecFolder.forward(
          representation: #""layer": 1\#(more)"#, type: type, more: subspaces))()
        .floats("intervened.logits")?.elements
    }
    let plain = try logits("")
    #expect(plain != RunSupport.logits(folder.model, [[1, 2, 3, 9]]))
    for subspaces in ["3", "[0, 1]", "[[[2, 5]]]"] {
      #expect(try logits(#", "subspaces": \#(subspaces)"#) == plain, "\(subspaces)")
    }
  }

  @Test(arguments: [
    ("LowRankRotatedSpaceIntervention", #", "low_rank_dimension": 3"#),
    ("BoundlessRotatedSpaceIntervention", ""), ("custom.Scale", #", "args": {"factor": 2.5}"#),
  ])
  func `types whose formula has no number of coordinates refuse it`(
    type: String, more: String
  ) throws {
    let folder = try SpecFolder()
    func outputs(_ count: String) throws -> SpecOutputs {
      try folder.run(
        SpecFolder.forward(representation: #""layer": 1\#(more)\#(count)"#, type: type))()
    }
    #expect(try outputs("").names.contains("intervened.logits"))
    #expect {
      try outputs(#", "interchange_dim": 2"#)
    } throws: {
      "\($0)".contains("representations[0].interchange_dim") && "\($0)".contains(type)
    }
  }

  @Test
  func `empty subspaces restrict nothing`() throws {
    #expect(try subspaces("[]") == [nil, nil])
    #expect(try subspaces("[[], null]") == [nil, nil])
  }

  @Test(arguments: [
    ("6", "coordinate 6;0 to 5"), ("[[[3]], [[3]]]", "part 3;0 to 2"),
    ("[[[1], [1], [1]], null]", "subspaces of 3 examples"),
    ("[[[1]]]", "subspaces of 1 interventions"), ("[[[-7]], null]", "coordinate -7;0 to 5"),
  ])
  func `subspaces that do not fit are refused`(text: String, words: String) throws {
    expectSavedRefusal(words, kind: .job) { try subspaces(text) }
  }

  @Test
  func `one source serves all groups, also beside a collection`() throws {
    let folder = try SpecFolder()
    func found(_ sources: String) throws -> [[Float]?] {
      let outputs = try folder.run(
        """
        {"model": "tiny", "base": {"input_ids": [[1, 2, 3, 9]]}, "sources": \(sources),
         "representations": [
           {"layer": 0, "intervention_type": "VanillaIntervention"},
           {"layer": 1, "intervention_type": "CollectIntervention"}],
         "unit_locations": {"sources->base": 1}}
        """)()
      return ["intervened.logits", "collected.0"].map { outputs.floats($0)?.elements }
    }
    let one = #"{"input_ids": [[4, 5, 6, 7]]}"#
    let expected = try found("[\(one), null]")
    #expect(expected.allSatisfy { $0 != nil })
    #expect(try found(one) == expected)
    #expect(try found("[\(one)]") == expected)
    #expect(try found("[\(one), \(one)]") == expected)
  }

  @Test
  func `given values and sources mix, and a partial list of values is enough`() throws {
    let folder = try SpecFolder()
    func logits(_ values: String, _ sources: String) throws -> [Float]? {
      try folder.run(
        """
        {"model": "tiny", "base": {"input_ids": [[1, 2, 3, 9]]}, "sources": \(sources),
         "representations": [{"layer": 0}, {"layer": 1, "component": "mlp_output"}],
         "unit_locations": {"sources->base": 1}, "source_representations": \(values)}
        """, tensors: ["row": [12]])().floats("intervened.logits")?.elements
    }
    let sources = #"[null, {"input_ids": [[4, 5, 6, 7]]}]"#
    let key = "layer_0_comp_block_output_unit_pos_nunit_1#0"
    let mixed = try logits(#"{"\#(key)": "row"}"#, sources)
    #expect(try logits(#"["row", null]"#, sources) == mixed)
    #expect(try logits(#"["row", null]"#, "[null, null]") != mixed)
    #expect(try logits("null", sources) != mixed)
    #expect(try logits(#""row""#, "null") == logits(#"["row", "row"]"#, "null"))
  }
}
