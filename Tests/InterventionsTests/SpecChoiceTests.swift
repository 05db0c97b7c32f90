import Checkpoints
import Foundation
import Inputs
import Interventions
import Models
import Tensors
import Testing
import _TestSupport

/// What specifications choose beyond the reference's own: places by name, order, softness, weights.
struct SpecChoiceTests {
  private func logits(
    _ folder: SpecFolder, _ locations: String, unit: String = "pos",
    component: String = "block_output", more: String = ""
  ) throws -> [Float]? {
    let place = #""layer": 1, "component": "\#(component)", "unit": "\#(unit)""#
    return try folder.run(
      SpecFolder.forward(
        representation: place, sources: #"[{"input_ids": [[4, 5, 6, 7, 8]]}]"#,
        locations: locations, more: more))().floats("intervened.logits")?.elements
  }

  @Test(arguments: [
    (#"{"sources->base": "last"}"#, "[[[[4]]], [[[3]]]]"),
    (#"{"sources->base": -2}"#, "[[[[3]]], [[[2]]]]"),
    (#"{"sources->base": [-1, 0]}"#, "[[[[4]]], [[[0]]]]"),
    (#"{"sources->base": ["0:2", "-2:"]}"#, "[[[[0, 1]]], [[[2, 3]]]]"),
    (#"{"sources->base": [[[[0, "last"]]], [["1:3"]]]}"#, "[[[[0, 4]]], [[[1, 2]]]]"),
    (#"{"sources->base": [["1:"], ["all"]]}"#, "[[[[1, 2, 3, 4]]], [[[0, 1, 2, 3]]]]"),
    (#"{"sources->base": "last_but_one"}"#, "[[[[3]]], [[[2]]]]"),
    (#"{"sources->base": ["0:4:2", "1::2"]}"#, "[[[[0, 2]]], [[[1, 3]]]]"),
  ])
  func `places can be named and counted from the end`(text: String, plain: String) throws {
    let folder = try SpecFolder()
    let found = try logits(folder, text)
    #expect(found == (try logits(folder, #"{"sources->base": \#(plain)}"#)))
    #expect(found != (try logits(folder, #"{"sources->base": [[[[0]]], [[[1]]]]}"#)))
  }

  @Test(arguments: [
    (#""0:3""#, "[0, 1, 2]"), ("-1", "[11]"), (#"["0:12:4", -1]"#, "[0, 4, 8, 11]"),
    (#"[[["0:3"]]]"#, "[[[0, 1, 2]]]"), (#"[["-2:"]]"#, "[[[10, 11]]]"),
    (#""all""#, "null"), (#"[[["last", 0]]]"#, "[[[11, 0]]]"),
  ])
  func `subspaces can be ranges and counted from the end`(text: String, plain: String) throws {
    let folder = try SpecFolder()
    func found(_ subspaces: String) throws -> [Float]? {
      try logits(folder, #"{"sources->base": 2}"#, more: #", "subspaces": \#(subspaces)"#)
    }
    #expect(try found(text) == found(plain))
    #expect(try found(text) != found("[1]"))
  }

  @Test(arguments: [
    (#""0:13""#, "coordinate 13"), ("-13", "coordinate -13"), (#""3:3""#, "no coordinate"),
    (#"[[[{"y": 1, "x": 1}]]]"#, "a rectangle"), (#""first""#, "a range such as"),
  ])
  func `subspaces that a vector does not have are refused`(text: String, words: String) throws {
    let folder = try SpecFolder()
    #expect {
      _ = try logits(
        folder, #"{"sources->base": 2}"#, more: #", "subspaces": \#(text)"#)
    } throws: {
      $0 is Refusal && "\($0)".contains(words)
    }
  }

  @Test
  func `heads can be named too`() throws {
    let folder = try SpecFolder()
    func found(_ heads: String) throws -> [Float]? {
      try logits(
        folder, #"{"sources->base": [[[[\#(heads)], [[2]]]], [[[\#(heads)], [[1]]]]]}"#,
        unit: "h.pos", component: "head_value_output")
    }
    #expect(try found(#""all""#) == found("[0, 1, 2]"))
    #expect(try found("[-1]") == found("[2]"))
  }

  @Test(arguments: [
    (#"{"sources->base": "lats"}"#, "\"last\", \"all\" or a range"),
    (#"{"base": -5}"#, "position -5"), (#"{"base": "0:x"}"#, "a range such as"),
    (#"{"base": [[1], [2]]}"#, "places of 2 interventions"),
  ])
  func `places that mean nothing are refused`(text: String, words: String) throws {
    let folder = try SpecFolder()
    #expect {
      _ = try logits(folder, text)
    } throws: {
      "\($0)".contains(words)
    }
  }

  @Test
  func `sorted keys say by which order places and collections go`() throws {
    let folder = try SpecFolder()
    func collected(_ order: String, _ locations: String) throws -> [Float]? {
      try folder.run(
        """
        {"model": "tiny", "representations": [{"layer": 0}, {"layer": 1}],
         "intervention_types": "CollectIntervention", "unit_locations": {"base": \(locations)},
         "base": {"input_ids": [[1, 2, 3, 9]]}\(order)}
        """)().floats("collected.0")?.elements
    }
    func key(_ layer: Int) -> String { "\"layer_\(layer)_comp_block_output_unit_pos_nunit_1#0\"" }
    let declared = try collected("", "[[[3]], [[1]]]")
    let turned = try collected(", \"sorted_keys\": [\(key(1)), \(key(0))]", "[[[1]], [[3]]]")
    let second = try collected("", "[[[1]], [[1]]]")
    #expect(declared != turned)
    #expect(
      try folder.run(
        """
        {"model": "tiny", "representations": {"layer": 1, "intervention_type":
         "CollectIntervention"}, "unit_locations": {"base": 1},
         "base": {"input_ids": [[1, 2, 3, 9]]}}
        """)().floats("collected.0")?.elements == turned)
    #expect(second != turned)
    #expect(throws: Refusal.self) { try collected(", \"sorted_keys\": [\(key(1))]", "1") }
  }

  private static func soft(_ more: String, _ soft: String) -> String {
    """
    {"model": "tiny", "representations": {"layer": 0, "low_rank_dimension": 2,
       "intervention_type": "LowRankRotatedSpaceIntervention"},
     "base": {"input_ids": [[1, 2, 3], [4, 4, 2]]}, "sources": {"input_ids": [[5, 6, 7], [8, 9, 1]]},
     "unit_locations": {"sources->base": 1}, "generate": {"max_new_tokens": 4\(soft)}\(more)}
    """
  }

  @Test
  func `straight through and without noise a soft generation is the greedy one`() throws {
    let folder = try SpecFolder()
    let kind = #", "kind": "generate""#
    let soft = try folder.run(
      Self.soft(kind, #", "soft": {"temperature": 0.5, "straight_through": true}"#))()
    let greedy = try folder.run(Self.soft(kind, #", "intervene_on_prompt": true"#))()
    #expect(soft.integers("intervened.ids") == greedy.integers("intervened.ids"))
    #expect(soft.floats("intervened.logits")?.shape == [2, 4, 20])
  }

  @Test
  func `a loss over later steps has a gradient to an intervention before them`() throws {
    let folder = try SpecFolder()
    func run(_ labels: String, _ soft: String) throws -> SpecOutputs {
      try folder.run(
        Self.soft(
          #", "kind": "gradient", "wrt": "interventions", "labels": \#(labels)"#,
          #", "soft": {"temperature": 0.7\#(soft)}"#))()
    }
    let name = "grad.0.rotate_layer.parametrizations.weight.original"
    let last = try run("[3, 7]", "")
    #expect(last.floats(name)?.elements.contains { abs($0) > 1e-6 } == true)
    let all = try run("[[1, 2, 3, 3], [4, 5, 6, 7]]", "")
    #expect(all.floats(name)?.elements != last.floats(name)?.elements)
    let noisy = try run("[3, 7]", #", "seed": 4"#)
    #expect(noisy.floats("loss")?.elements != last.floats("loss")?.elements)
    #expect(
      try run("[3, 7]", #", "seed": 4"#).floats(name)?.elements == noisy.floats(name)?.elements)
    #expect(throws: Refusal.self) { try run("[3, 7, 1]", "") }
  }

  private static func train(_ batches: String, _ more: String) -> String {
    """
    {"model": "tiny", "kind": "train", "representations": {"layer": 0, "low_rank_dimension": 2,
       "intervention_type": "LowRankRotatedSpaceIntervention", "args": {"seed": 3}},
     "unit_locations": {"sources->base": 1},
     "train": {"lr": 0.05, "steps": 3, "optimizer": "SGD", "batches": [\(batches)]\(more)}}
    """
  }

  private static func batch(_ ids: String, _ sources: String, _ labels: String) -> String {
    #"{"base": {"input_ids": \#(ids)}, "sources": {"input_ids": \#(sources)}, "labels": \#(labels)}"#
  }

  @Test
  func `gradients summed over two batches are those of one batch of both`() throws {
    let folder = try SpecFolder()
    let one = Self.batch("[[1, 2, 3]]", "[[4, 5, 6]]", "[7]")
    let two = Self.batch("[[9, 8, 7]]", "[[2, 2, 2]]", "[1]")
    let both = Self.batch("[[1, 2, 3], [9, 8, 7]]", "[[4, 5, 6], [2, 2, 2]]", "[7, 1]")
    let apart = try folder.run(
      Self.train("\(one), \(two)", #", "gradient_accumulation_steps": 2"#))()
    let joined = try folder.run(Self.train(both, ""))()
    for name in ["losses", "final.0.rotate_layer.parametrizations.weight.original"] {
      let (a, b) = (apart.floats(name)?.elements ?? [], joined.floats(name)?.elements ?? [0])
      #expect(Tolerance(absolute: 1e-4, relative: 1e-4).disagreement(a, b) == nil, "\(name)")
    }
  }

  @Test
  func `gradients are the mean over all examples, however they are cut`() throws {
    let folder = try SpecFolder()
    let one = Self.batch("[[1, 2, 3]]", "[[4, 5, 6]]", "[7]")
    let two = Self.batch("[[9, 8, 7], [3, 3, 1]]", "[[2, 2, 2], [6, 5, 4]]", "[1, 5]")
    let all = Self.batch(
      "[[1, 2, 3], [9, 8, 7], [3, 3, 1]]", "[[4, 5, 6], [2, 2, 2], [6, 5, 4]]", "[7, 1, 5]")
    let joined = try folder.run(Self.train(all, ""))()
    for outputs in [
      // Batches of one and of two examples.
      try folder.run(Self.train("\(one), \(two)", #", "gradient_accumulation_steps": 2"#))(),
      // Microbatches of two out of three.
      try folder.run(Self.train(all, ""), microbatches: 2)(),
      try folder.run(
        Self.train("\(one), \(two)", #", "gradient_accumulation_steps": 2"#), microbatches: 2)(),
    ] {
      for name in ["losses", "final.0.rotate_layer.parametrizations.weight.original"] {
        let (a, b) = (outputs.floats(name)?.elements ?? [], joined.floats(name)?.elements ?? [0])
        #expect(Tolerance(absolute: 1e-5, relative: 1e-5).disagreement(a, b) == nil, "\(name)")
      }
    }
  }

  @Test
  func `what is trained is tried on batches of its own places`() throws {
    let folder = try SpecFolder()
    let one = Self.batch("[[1, 2, 3]]", "[[4, 5, 6]]", "[7]")
    let other = one.dropLast() + #", "unit_locations": {"sources->base": [0, 2]}}"#
    let outputs = try folder.run(
      Self.train(one, #", "evaluate": [\#(one), \#(other)]"#))()
    let losses = try #require(outputs.floats("losses")?.elements)
    let found = try #require(outputs.floats("eval.loss")?.elements.first)
    #expect(found.isFinite && losses.allSatisfy { $0 != found })
    let accuracy = try #require(outputs.floats("eval.accuracy")?.elements.first)
    #expect([0, 0.5, 1].contains(accuracy))
  }

  @Test
  func `weights that were trained are saved beside interventions and taken back`() throws {
    let folder = try SpecFolder()
    let saved = folder.root.appendingPathComponent("saved").path
    let batch = Self.batch("[[1, 2, 3]]", "[[4, 5, 6]]", "[7]")
    let text = """
      {"model": "tiny", "kind": "train", "representations": {"layer": 0},
       "unit_locations": {"sources->base": 1}, "train": {"steps": 2, "optimizer": "SGD",
       "parameters": "model", "batches": [\(batch)], "groups": [{"lr": 0.1, "names":
       ["transformer.h.0.mlp.c_fc.weight", "transformer.ln_f.bias"]}]}}
      """
    let outputs = try folder.run(text, saveTo: saved)()
    let file = try PyTorchFile("\(saved)/pytorch_model.bin")
    #expect(
      file.tensors.keys.sorted() == ["transformer.h.0.mlp.c_fc.weight", "transformer.ln_f.bias"])
    func again(_ include: Bool) throws -> [Float]? {
      try folder.run(
        """
        {"model": "tiny", "saved_directory": "saved", "include_model": \(include),
         "unit_locations": {"sources->base": 1}, "base": {"input_ids": [[1, 2, 3]]},
         "sources": [{"input_ids": [[4, 5, 6]]}]}
        """)().floats("intervened.logits")?.elements
    }
    #expect(try again(true) == outputs.floats("final.intervened.logits")?.elements)
    #expect(try again(false) != again(true))
  }

  @Test
  func `a call gives a formula's constants other values`() throws {
    let folder = try SpecFolder()
    func logits(_ constant: String, _ subspaces: String) throws -> [Float]? {
      try folder.run(
        SpecFolder.forward(
          representation: """
            "layer": 0, "component": "block_output",
            "args": {"formula": "base + mag * row", "constants": {"mag": \(constant), "row": "row"}}
            """, type: "expression", more: subspaces), tensors: ["row": [12]])()
        .floats("intervened.logits")?.elements
    }
    #expect(try logits("2.5", "") == logits("1", #", "subspaces": [{"mag": 2.5}]"#))
    #expect(try logits("2.5", "") != logits("1", ""))
    #expect(throws: Refusal.self) { try logits("1", #", "subspaces": [{"mga": 2.5}]"#) }
  }

  @Test
  func `an autoencoder shows its latents`() throws {
    let folder = try SpecFolder()
    let outputs = try folder.run(
      SpecFolder.forward(
        representation: """
          "layer": 1, "component": "block_output", "latent_dim": 5, "interchange_dim": [1, 3]
          """, type: "AutoencoderIntervention"))()
    let latent = try #require(outputs.floats("latent.0"))
    #expect(latent.shape == [1, 5])
    #expect(latent.elements.contains { $0 > 0 } && latent.elements.allSatisfy { $0 >= 0 })
  }
}
