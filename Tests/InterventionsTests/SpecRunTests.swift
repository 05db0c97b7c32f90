import Checkpoints
import Foundation
import Inputs
import Interventions
import Testing
import _TestSupport

/// What specifications can say besides what the reference's cases say.
struct SpecRunTests {
  private static func train(more: String = "") -> String {
    """
    {"model": "tiny", "kind": "train",
     "representations": [{"layer": 0, "component": "block_output", "low_rank_dimension": 2,
       "intervention_type": "LowRankRotatedSpaceIntervention"}],
     "unit_locations": {"sources->base": 1},
     "train": {"lr": 0.05, "steps": 6, "batches": [{"base": {"input_ids": [[1, 2, 3]]},
       "sources": [{"input_ids": [[4, 5, 6]]}], "labels": [7]}]\(more)}}
    """
  }

  @Test
  func `training lowers the loss, and what it leaves is loaded to the same logits`() throws {
    let folder = try SpecFolder()
    let saved = folder.root.appendingPathComponent("saved").path
    let outputs = try folder.run(Self.train(), saveTo: saved)()
    let losses = try #require(outputs.floats("losses")?.elements)
    #expect(losses.count == 6)
    #expect(losses[5] < losses[0])
    let again = """
      {"model": "tiny", "kind": "save_load", "saved_directory": "saved",
       "unit_locations": {"sources->base": 1}, "base": {"input_ids": [[1, 2, 3]]},
       "sources": [{"input_ids": [[4, 5, 6]]}]}
      """
    let loaded = try folder.run(again)()
    #expect(
      loaded.floats("intervened.logits")?.elements
        == outputs.floats("final.intervened.logits")?.elements)
  }

  @Test(arguments: [
    (#", "groups": [{"names": ["0.rotate"], "lr": 1}]"#, "groups[0].names[0]"),
    (#", "lr_factors": [1, 2]"#, "6, one for each step"),
    (#", "temperatures": [1, 1, 1, 1, 1, 0]"#, "numbers above 0"),
    (#", "betas": [0.9, 1]"#, "two numbers from 0 to below 1"),
    (#", "optimizer": "Adams""#, "did you mean Adam?"),
    (#", "momentum": 0.9"#, "momentum for optimizer = \"Adam\""),
  ])
  func `wrong training is refused with its field`(more: String, words: String) throws {
    let folder = try SpecFolder()
    var text = Self.train(more: more)
    if more.contains("groups") { text = text.replacing(#""lr": 0.05, "#, with: "") }
    #expect {
      _ = try folder.run(text)()
    } throws: {
      "\($0)".contains(words)
    }
  }

  @Test
  func `a parameter without a gradient may stand in a group and stays`() throws {
    let folder = try SpecFolder()
    func outputs(_ more: String) throws -> SpecOutputs {
      try folder.run(
        """
        {"model": "tiny", "kind": "train", "unit_locations": {"sources->base": 1},
         "representations": {"layer": 0, "intervention_type": "SigmoidMaskIntervention"},
         "train": {"steps": 2, "optimizer": "Adam", "groups": [
             {"names": ["0.mask"], "lr": 0.1}\(more)],
           "batches": [{"base": {"input_ids": [[1, 2, 3]]}, "labels": [4],
             "sources": {"input_ids": [[5, 6, 7]]}}]}}
        """)()
    }
    let name = "final.0.mask"
    let both = try outputs(#", {"names": ["0.temperature"], "lr": 0.5, "weight_decay": 0.1}"#)
    #expect(both.floats("final.0.temperature")?.elements == [0.01])
    #expect(try both.floats(name)?.elements == outputs("").floats(name)?.elements)
    #expect {
      try outputs(#", {"names": ["0.temprature"], "lr": 0.5}"#)
    } throws: {
      "\($0)".contains("temprature")
    }
  }

  @Test
  func `a formula's trained numbers start from its params`() throws {
    let folder = try SpecFolder()
    func logits(_ trained: String, _ more: String, _ formula: String) throws -> [Float]? {
      try folder.run(
        SpecFolder.forward(
          representation: """
            "layer": 0, "args": {"formula": "\(formula)", "trained": {\(trained)}}\(more)
            """, type: "expression"),
        tensors: ["row": [12], "turn": [12, 3], "base": [12, 12]])()
        .floats("intervened.logits")?.elements
    }
    let start = try logits(#""mask": {"start": "row"}"#, "", "base * mask")
    for own in [#"{"shape": [12]}"#, "{}"] {
      let found = try logits(
        #""mask": \#(own)"#, #", "params": {"mask": "row"}"#, "base * mask")
      #expect(found == start)
    }
    let rotation = "base + (source - base) @ R @ R.T"
    let turned = try logits(#""R": {"start": "turn", "orthogonal": true}"#, "", rotation)
    #expect(
      try turned
        == logits(#""R": {"orthogonal": true}"#, #", "params": {"R": "turn"}"#, rotation))
    for (params, words) in [
      (#"{"mask": "row", "maks": "row"}"#, "params.maks"), (#"{"mask": "turn"}"#, "params.mask"),
    ] {
      #expect {
        try logits(
          #""mask": {"shape": [12]}"#, #", "params": \#(params)"#, "base * mask")
      } throws: {
        "\($0)".contains(words)
      }
    }
    #expect {
      try logits(
        #""mask": {"start": "row"}"#, #", "params": {"mask": "row"}"#, "base * mask")
    } throws: {
      "\($0)".contains("trained.mask.start")
    }
  }

  @Test
  func `a formula with a trained rotation runs from a specification`() throws {
    let folder = try SpecFolder()
    let text = SpecFolder.forward(
      representation: """
        "layer": 0, "component": "block_output", "args": {
          "formula": "base + k * (source - base) @ R @ R.T + bias", "constants": {"k": 0.5,
          "bias": "row"}, "trained": {"R": {"shape": [12, 3], "orthogonal": true, "seed": 4}}}
        """, type: "expression",
      more: #", "kind": "gradient", "wrt": "interventions", "labels": [3]"#)
    let outputs = try folder.run(text, tensors: ["row": [12]])()
    let gradient = try #require(
      outputs.floats("grad.0.R.parametrizations.weight.original"))
    #expect(gradient.shape == [12, 3])
    #expect(gradient.elements.contains { abs($0) > 1e-5 })
  }

  @Test(arguments: ["Zero", "Collect"])
  func `places of one kind can be written in several ways`(type: String) throws {
    let folder = try SpecFolder()
    let found = try [
      #"{"base": [1, 2]}"#, #"{"base": [[[1, 2]]]}"#, #"{"sources->base": [null, [[[1, 2]]]]}"#,
    ].map { locations in
      try folder.run(
        SpecFolder.forward(
          type: "\(type)Intervention", sources: "null", locations: locations))()
    }
    let name = type == "Zero" ? "intervened.logits" : "collected.0"
    #expect(found[0].floats(name)?.elements == found[1].floats(name)?.elements)
    #expect(found[0].floats(name)?.elements == found[2].floats(name)?.elements)
    #expect(found[0].floats("original.logits")?.elements.isEmpty == false)
  }

  @Test
  func `single coordinates are units too`() throws {
    let folder = try SpecFolder()
    func logits(_ representation: String, _ locations: String, _ more: String) throws -> [Float]? {
      try folder.run(
        SpecFolder.forward(representation: representation, locations: locations, more: more))()
        .floats("intervened.logits")?.elements
    }
    let site = #""layer": 1, "component": "mlp_output""#
    let units = try logits(
      "\(site), \"unit\": \"dim\", \"max_number_of_units\": 2",
      #"{"sources->base": [[[[3, 5]]], [[[3, 5]]]]}"#, "")
    let subspace = try logits(site, "null", #", "subspaces": [5, 3]"#)
    #expect(units == subspace)
  }

  @Test
  func `positions of attention probabilities are heads, their first axis`() throws {
    let folder = try SpecFolder()
    func collected(_ unit: String, _ places: String) throws -> (shape: [Int], elements: [Float])? {
      try folder.run(
        """
        {"model": "tiny", "base": {"input_ids": [[1, 2, 3, 9], [4, 4, 5, 6]]},
         "unit_locations": {"base": \(places)},
         "representations": {"layer": 1, "component": "attention_weight", "unit": "\(unit)",
           "intervention_type": "CollectIntervention"}}
        """)().floats("collected.0")
    }
    let all = try #require(try collected("pos", "[0, 1, 2]"))
    #expect(all.shape == [2, 3, 4, 4])
    #expect(try all.elements == collected("h", "null")?.elements)
    #expect(try collected("pos", "2")?.elements == collected("h", "2")?.elements)
    #expect {
      try collected("pos", "3")
    } throws: {
      "\($0)".contains("head 3")
    }
  }

  @Test
  func `outputs are written as the tensors that were asked for`() throws {
    let folder = try SpecFolder()
    _ = try folder.run(SpecFolder.forward(more: #", "expected": {"intervened.logits": null}"#))
    let path = folder.root.appendingPathComponent("out.safetensors").path
    try SpecRun.run(
      folder.root.appendingPathComponent("job.json").path, output: path,
      options: .init(models: folder.models))
    let file = try SafetensorsFile(path)
    #expect(Array(file.tensors.keys) == ["out.intervened.logits"])
    #expect(try file.floats("out.intervened.logits").count == 80)
  }

  @Test
  func `prompts become tokens by the tokenizer that is given`() throws {
    let folder = try SpecFolder()
    let path = folder.root.appendingPathComponent("prompts.json").path
    let text = """
      {"model": "tiny", "representations": {"layer": 0, "component": "mlp_output",
       "intervention_type": "ZeroIntervention"}, "unit_locations": {"base": 1},
       "base": {"prompts": ["abc", "de"]}}
      """
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    var options = SpecRun.Options(models: folder.models)
    #expect(throws: Refusal.self) { _ = try SpecRun(path, options: options)() }
    options.texts = { _ in
      SpecTexts(
        encode: { text, _ in text.utf8.map { Int($0) - 97 } },
        decode: { tokens in String(tokens.map { Character(UnicodeScalar(UInt8($0 + 97))) }) })
    }
    let outputs = try SpecRun(path, options: options)()
    #expect(outputs.floats("intervened.logits")?.shape == [5, 20])
  }
}
