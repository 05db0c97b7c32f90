import Inputs
import Models
import Tensors
import Testing
import _TestSupport

@testable import Interventions

/// How specifications describe interventions and name places: groups A and B of the checklist.
struct ChecklistSpecTests {
  static func field(_ text: String) throws -> JSONField {
    JSONField(
      try JSON.parse(Array(text.utf8), file: "job.json", kind: .job), file: "job.json", kind: .job)
  }

  private func spec(_ representations: String, more: String = "") throws -> InterventionSpec {
    try InterventionSpec(
      Self.field(
        #"{"model": "tiny", "base": {"input_ids": [[1]]}, "#
          + #""representations": \#(representations)\#(more)}"#))
  }

  private func setup(_ representations: String, more: String = "") throws -> SpecSetup {
    try SpecSetup(
      try spec(representations, more: more).representations, mode: .parallel,
      in: RunSupport.model(RunSupport.shapes[0]), tensors: SpecTensors(nil))
  }

  @Test
  func `a description without fields has the reference's defaults`() throws {
    let one = try #require(try spec("{}").representations.first)
    #expect(one.layer == 0)
    #expect(one.component == "block_output")
    #expect(one.unit == .position)
    #expect(one.maxUnits == 1)
    #expect(one.type == .vanilla)
    #expect(one.rank == nil && one.latents == nil && one.partition == nil && one.group == nil)
    #expect(one.link == nil && one.constantSource == nil)
  }

  @Test
  func `all fourteen fields are read, by name and by place`() throws {
    let named = """
      {"layer": 2, "component": "mlp_output", "unit": "pos", "max_number_of_units": 3,
       "low_rank_dimension": 4, "intervention_type": "LowRankRotatedSpaceIntervention",
       "intervention": null, "subspace_partition": [[0, 2], [3, 2, 1]], "group_key": 0,
       "intervention_link_key": 7, "moe_key": null, "source_representation": null,
       "hidden_source_representation": null, "latent_dim": null}
      """
    let placed = """
      [2, "mlp_output", "pos", 3, 4, "LowRankRotatedSpaceIntervention", null, [[0, 2], [3, 2, 1]],
       0, 7, null, null, null, null]
      """
    for text in [named, placed, "[\(named)]", "[\(placed)]"] {
      let one = try #require(try spec(text == placed ? "[\(text)]" : text).representations.first)
      #expect(one.layer == 2 && one.component == "mlp_output" && one.unit == .position)
      #expect(one.maxUnits == 3 && one.rank == 4 && one.latents == nil)
      #expect(one.type == .lowRankRotatedSpace)
      #expect(one.partition == [[0, 1], [3, 2, 1]])
      #expect(one.group == 0 && one.link == "7" && one.constantSource == nil)
    }
    let coded = try #require(
      try spec(
        """
        [[0, "mlp_output", null, null, null, "AutoencoderIntervention", null, null, null, null,
          null, null, null, 5]]
        """
      ).representations.first)
    #expect(coded.type == .autoencoder && coded.latents == 5 && coded.unit == .position)
    let constant = try #require(
      try spec(#"{"intervention_type": "AdditionIntervention", "source_representation": "row"}"#)
        .representations.first)
    #expect(try constant.constantSource?.string() == "row")
  }

  @Test
  func `objects and short lists stand side by side`() throws {
    let mixed = try spec(#"[{"layer": 1}, [2, "mlp_output"], [3]]"#).representations
    #expect(mixed.map(\.layer) == [1, 2, 3])
    #expect(mixed.map(\.component) == ["block_output", "mlp_output", "block_output"])
    #expect(mixed.map(\.type) == [.vanilla, .vanilla, .vanilla])
  }

  @Test
  func `a type for all, a list of types and a type of one's own`() throws {
    let two = #"[{"layer": 0}, {"layer": 1}]"#
    let one = #", "intervention_types": "ZeroIntervention""#
    #expect(try spec(two, more: one).representations.map(\.type) == [.zero, .zero])
    let list = #", "intervention_types": ["ZeroIntervention", "AdditionIntervention"]"#
    #expect(try spec(two, more: list).representations.map(\.type) == [.zero, .addition])
    let own = #"[{"layer": 0}, {"layer": 1, "intervention_type": "SkipIntervention"}]"#
    #expect(try spec(own, more: one).representations.map(\.type) == [.zero, .skip])
  }

  @Test(arguments: [
    (#"[{}, {}]"#, #", "intervention_types": ["ZeroIntervention"]"#, "1 types;2, or one for all"),
    (#"[{}, {"intervention_type": "ZeroIntervention"}]"#, "", "representations[0];no intervention"),
    (#"[{"intervention_type": "ZeroIntervention"}, {}]"#, "", "representations[1];no intervention"),
    (#"[[0], {"intervention_type": "ZeroIntervention"}]"#, "", "representations[0];no interv"),
    (
      #"{"intervention_type": "ZeroIntervention", "intervention": "f"}"#, "",
      "intervention;name the type in intervention_type"
    ),
    (#"{"moe_key": 1}"#, "", "moe_key;no site is of one expert alone"),
    (#"[[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]]"#, "", "a list of 15;at most 14"),
    (#"[3]"#, "", "representations[0]"),
    (#"{"layers": 1}"#, "", "layer (did you mean that?)"),
    (#"{}"#, #", "mode": "both""#, "mode;parallel"),
  ])
  func `a description that does not fit is refused`(
    representations: String, more: String, words: String
  ) throws {
    expectSavedRefusal(words, kind: .job) { try spec(representations, more: more) }
  }

  @Test
  func `keys are the reference's, repetitions counted`() throws {
    let keys = try setup(
      """
      [{"layer": 1}, {"layer": 1}, {"layer": 1, "max_number_of_units": 2},
       {"component": "transformer.h[1].mlp.output"}, {"component": "transformer.h[1].mlp.output"},
       {"layer": 1, "component": "head_query_output", "unit": "h.pos"}]
      """
    ).setup.entries.map(\.key)
    #expect(
      keys == [
        "layer_1_comp_block_output_unit_pos_nunit_1#0",
        "layer_1_comp_block_output_unit_pos_nunit_1#1",
        "layer_1_comp_block_output_unit_pos_nunit_2#0",
        "comp_transformer_h[1]_mlp_output_unit_pos_nunit_1#0",
        "comp_transformer_h[1]_mlp_output_unit_pos_nunit_1#1",
        "layer_1_comp_head_query_output_unit_h_pos_nunit_1#0",
      ])
  }

  @Test
  func `groups are all or none, and ascend from 0`() throws {
    func groups(_ keys: [String]) throws -> [Int] {
      try setup("[\(keys.map { #"{"group_key": \#($0)}"# }.joined(separator: ", "))]")
        .setup.entries.map(\.group)
    }
    #expect(try groups(["0", "0", "1"]) == [0, 0, 1])
    #expect(try groups(["null", "null"]) == [0, 1])
    for bad in [["1", "2"], ["0", "2"], ["0", "1", "0"], ["0", "null"], ["null", "0"]] {
      #expect(throws: Refusal.self) { try groups(bad) }
    }
  }

  @Test
  func `what linked representations share is the first one's`() throws {
    let folder = try SpecFolder()
    func logits(_ first: String, _ second: String, _ more: String) throws -> [Float]? {
      try folder.run(
        """
        {"model": "tiny", "base": {"input_ids": [[1, 2, 3, 9]]}, "intervention_types": \(more),
         "representations": [{"layer": 0, "intervention_link_key": "a"\(first)},
           {"layer": 1, "intervention_link_key": "a"\(second)}]}
        """, tensors: ["v": [12], "w": [12]])().floats("intervened.logits")?.elements
    }
    func expectFirst(_ first: String, _ second: String, _ more: String) throws {
      #expect(try logits(first, second, more) == logits(first, first, more), "\(first)")
      #expect(try logits(first, second, more) != logits(second, second, more), "\(first)")
      #expect(try logits(first, "", more) == logits(first, first, more), "\(first)")
    }
    let base = #", "unit_locations": {"base": 2}"#
    try expectFirst(
      #", "source_representation": "v""#, #", "source_representation": "w""#,
      #""AdditionIntervention""# + base)
    try expectFirst(
      #", "args": {"factor": 2}"#, #", "args": {"factor": 3}"#, #""custom.Scale""# + base)
    try expectFirst(
      #", "interchange_dim": 3"#, #", "interchange_dim": 5"#, #""ZeroIntervention""# + base)
    try expectFirst(
      #", "subspace_partition": [[0, 4], [4, 12]]"#, #", "subspace_partition": [[0, 6], [6, 12]]"#,
      #""ZeroIntervention", "subspaces": 0"# + base)
  }

  @Test(arguments: ["low_rank_dimension", "latent_dim"])
  func `a link to another rank or number of latents is refused`(name: String) throws {
    let folder = try SpecFolder()
    let type = name == "latent_dim" ? "Autoencoder" : "LowRankRotatedSpace"
    #expect {
      try folder.run(
        """
        {"model": "tiny", "base": {"input_ids": [[1, 2, 3, 9]]},
         "sources": {"input_ids": [[1, 2, 3, 9]]}, "intervention_types": "\(type)Intervention",
         "representations": [{"layer": 0, "intervention_link_key": 0, "\(name)": 2},
           {"layer": 1, "intervention_link_key": 0, "\(name)": 3}]}
        """)
    } throws: {
      "\($0)".contains("representations[1].\(name): found 3 in a link, expected 2")
    }
  }

  @Test
  func `a link key makes one intervention of two`() throws {
    let type = #""intervention_type": "RotatedSpaceIntervention""#
    let linked = try setup(
      """
      [{"layer": 1, \(type), "intervention_link_key": 0},
       {"layer": 2, \(type), "intervention_link_key": 0}, {"layer": 3, \(type)}]
      """)
    #expect(linked.setup.entries.map(\.intervention) == [0, 0, 1])
    #expect(linked.setup.interventions.count == 2)
  }

  @Test(arguments: [
    "transformer.h[1].mlp.output", "transformer.h.1.mlp.output", "h[1].mlp.output",
    "transformer.h[1].mlp.c_proj.output", "transformer.h[1].mlp.dropout.output",
  ])
  func `module paths name the site that its component names`(path: String) throws {
    let entries = try setup(
      #"[{"component": "\#(path)"}, {"layer": 1, "component": "mlp_output"}]"#
    ).setup.entries
    #expect(entries[0].site == entries[1].site)
    #expect(entries[0].layer == entries[1].layer)
    #expect(entries[0].grid == entries[1].grid)
  }

  @Test(arguments: [
    ("transformer.h[2].attn.c_attn.output", "qkv_output", 2, 96),
    ("transformer.h[1].mlp.c_fc.output", "mlp_preactivation", 1, 128),
    ("transformer.ln_f.input", "block_output", 3, 32), ("drop.output", "block_input", 0, 32),
    ("lm_head.output", "logits", 0, 30),
    ("transformer.wte.output", "token_embedding_output", 0, 32),
  ])
  func `modules inside and outside of blocks are sites too`(
    path: String, site: String, layer: Int, width: Int
  ) throws {
    let entry = try #require(setup(#"{"component": "\#(path)"}"#).setup.entries.first)
    #expect((entry.site.rawValue, entry.layer) == (site, layer))
    #expect(entry.grid.blockWidth == width)
  }

  @Test(arguments: ["model.layers[1].mlp.output", "transformer.h[1].mlp.up_proj.output"])
  func `modules of another family are refused`(path: String) {
    expectSavedRefusal("representations.component", kind: .job) {
      try setup(#"{"component": "\#(path)"}"#)
    }
  }

  @Test
  func `heads are addressed by module path too`() throws {
    let entries = try setup(
      """
      [{"component": "transformer.h[1].attn.c_proj.input", "unit": "h.pos"},
       {"layer": 1, "component": "head_attention_value_output", "unit": "h.pos"}]
      """
    ).setup.entries
    #expect(entries[0].site == entries[1].site)
    #expect(entries[0].grid == entries[1].grid)
    #expect(entries[0].grid.blockCount == 4)
  }

  @Test(arguments: [
    ("transformer.h[1].mlp", "transformer.h[1].mlp.output?"),
    ("transformer.h[1].mlp.outptu", "transformer.h[1].mlp.output?"),
    ("transformer.h[2].atn.output", "transformer.h[2].attn.output?"),
    ("mlp_outputs", "mlp_output?"),
  ])
  func `a misspelt place is refused with the nearest one`(name: String, near: String) throws {
    expectSavedRefusal("representations.component;\(near)", kind: .job) {
      try setup(#"{"component": "\#(name)"}"#)
    }
  }

  @Test
  func `starts of trained types are the reference's`() throws {
    let made = try setup(
      """
      [{"intervention_type": "SigmoidMaskIntervention"},
       {"intervention_type": "SigmoidMaskRotatedSpaceIntervention"},
       {"intervention_type": "BoundlessRotatedSpaceIntervention"}]
      """
    ).setup.interventions.map { $0.parameters }
    #expect(made[0]["mask"]?.elements == Array(repeating: 0, count: 32))
    #expect(made[0]["temperature"]?.elements == [0.01])
    #expect(made[1]["masks"]?.elements == Array(repeating: 100, count: 32))
    #expect(made[1]["temperature"]?.elements == [50])
    #expect(made[2]["intervention_boundaries"]?.elements == [0.5])
    #expect(made[2]["temperature"]?.elements == [50])
  }
}
