import Foundation
import Inputs
import Interventions
import Testing

/// Specifications in which one value was exchanged for another are refused or run; none traps.
struct SpecHostileTests {
  private static let sound = [
    """
    {"model": "tiny", "representations": [
       {"layer": 0, "component": "block_output", "max_number_of_units": 2, "interchange_dim": 5,
        "intervention_type": "RotatedSpaceIntervention", "group_key": 0, "args": {"seed": 3}},
       {"layer": 1, "component": "head_query_output", "unit": "h.pos", "group_key": 0,
        "subspace_partition": [[0, 2], [2, 4]]},
       {"layer": 1, "component": "mlp_output", "group_key": 1,
        "intervention_type": "CollectIntervention"}],
     "intervention_types": ["ZeroIntervention", "VanillaIntervention", "ZeroIntervention"],
     "base": {"input_ids": [[1, 2, 3, 9], [4, 4, 4, 4]]}, "sources": [
       {"input_ids": [[4, 5, 6, 7], [8, 8, 8, 8]]}, null],
     "unit_locations": {"sources->base": [
       [[[0, 1], [2, 3]], [[[0, 2]], [[1, 3]]], null], [[[0, 1], [2, 3]], [[[0, 2]], [[1, 3]]], [[1], [2]]]]},
     "subspaces": [null, [[1], [0, 1]], null]}
    """,
    """
    {"model": "tiny", "mode": "serial", "representations": [
       {"layer": 0, "component": "block_output"}, {"layer": 1, "component": "attention_weight",
        "unit": "h"}],
     "base": {"input_ids": [[1, 2, 3]]}, "sources": [
       {"input_ids": [[4, 5, 6]]}, {"input_ids": [[8, 8, 8]]}],
     "unit_locations": {"source_0->source_1": [1, 2], "source_1->base": [[[[0]]], [[[2]]]]}}
    """,
    """
    {"model": "tiny", "kind": "generate", "representations": [
       {"layer": 0, "component": "mlp_output", "intervention_type": "custom.Scale",
        "args": {"factor": 1.5}},
       {"layer": 1, "component": "block_output", "unit": "dim", "max_number_of_units": 2,
        "intervention_type": "CollectIntervention"}],
     "base": {"input_ids": [[1, 2, 3]]}, "unit_locations": null,
     "generate": {"max_new_tokens": 3, "intervene_on_prompt": true, "steps": [0], "do_sample": true,
       "temperature": 2.0, "top_k": 3, "seed": 5}}
    """,
    """
    {"model": "tiny", "kind": "train", "representations": [
       {"layer": 0, "component": "block_output", "keep_last_dim": true, "embed_dim": 12,
        "max_number_of_units": 2, "low_rank_dimension": 2,
        "intervention_type": "LowRankRotatedSpaceIntervention", "intervention_link_key": 0},
       {"layer": 0, "component": "block_output", "low_rank_dimension": 2, "embed_dim": 12,
        "intervention_type": "LowRankRotatedSpaceIntervention", "intervention_link_key": 0}],
     "unit_locations": {"sources->base": 1},
     "train": {"lr": 0.05, "steps": 2, "lr_factors": [1, 0.5], "temperatures": [2, 1],
       "boundary_weight": 0.5, "betas": [0.9, 0.99], "eps": 1e-8, "batches": [
         {"base": {"input_ids": [[1, 2, 3]]}, "sources": [{"input_ids": [[4, 5, 6]]}],
          "labels": [7]}]}}
    """,
    """
    {"model": "tiny", "kind": "gradient", "wrt": "model", "labels": [3], "representations": [
       {"component": "transformer.h[1].mlp.output", "intervention_type": "NoiseIntervention",
        "args": {"level": 0.5, "seed": 7}},
       {"layer": 0, "component": "block_output", "intervention_type": "AutoencoderIntervention",
        "latent_dim": 5, "interchange_dim": [1, 4],
        "max_number_of_units": 3}],
     "base": {"input_ids": [[1, 2, 3]]}, "sources": [null, {"input_ids": [[4, 5, 6]]}],
     "unit_locations": {"sources->base": [0, 1, 2]}}
    """,
    """
    {"model": "tiny", "representations": [
       {"layer": 0, "component": "block_output", "intervention_type": "expression", "args": {
         "formula": "base + (source - base) @ R @ R.T * k", "constants": {"k": 2},
         "trained": {"R": {"shape": [12, 3], "orthogonal": true, "seed": 1}}}},
       {"layer": 1, "component": "block_output", "intervention_type": "AdditionIntervention"}],
     "base": {"input_ids": [[1, 2, 3]]}, "sources": [{"input_ids": [[4, 5, 6]]}, null],
     "source_representations": [null, "row"], "unit_locations": {"sources->base": 1}}
    """,
  ]

  /// What takes the place of each value in turn.
  private static let strange: [JSON] = [
    .null, .bool(true), .number(JSONNumber(text: "-1")), .number(JSONNumber(text: "0")),
    .number(JSONNumber(text: "1099511627776")), .number(JSONNumber(text: "9223372036854775807")),
    .string("row"), .string(""),
    .array([]), .array([.array([])]),
    .array([.number(JSONNumber(text: "1")), .number(JSONNumber(text: "1"))]),
    .object(JSONObject()),
  ]

  /// Every value that comes of exchanging one value inside.
  private static func mutants(of value: JSON) -> [JSON] {
    var result = strange
    switch value {
    case .array(let items):
      for index in items.indices {
        for mutant in mutants(of: items[index]) {
          var changed = items
          changed[index] = mutant
          result.append(.array(changed))
        }
        var shorter = items
        shorter.remove(at: index)
        result.append(.array(shorter))
        result.append(.array(items + [items[index]]))
      }
    case .object(let object):
      for (key, member) in object.members {
        for mutant in mutants(of: member) {
          var changed = JSONObject()
          for (other, value) in object.members {
            _ = changed.insert(other == key ? mutant : value, forKey: other)
          }
          result.append(.object(changed))
        }
        var smaller = JSONObject()
        for (other, value) in object.members where other != key {
          _ = smaller.insert(value, forKey: other)
        }
        result.append(.object(smaller))
      }
    default: break
    }
    return result
  }

  @Test(arguments: sound.indices)
  func `a value exchanged for a strange one never traps`(index: Int) throws {
    let folder = try SpecFolder()
    let text = Self.sound[index]
    let outputs = try folder.run(text, tensors: ["row": [12]])()
    #expect(!outputs.names.isEmpty)
    let path = folder.root.appendingPathComponent("job.json").path
    let value = try JSON.parse(Array(text.utf8), file: path, kind: .job)
    let mutants = Self.mutants(of: value)
    #expect(mutants.count > 300)
    var refused = 0
    for mutant in mutants {
      do {
        let document = JSONField(mutant, file: path, kind: .job)
        _ = try SpecRun(document, options: .init(models: folder.models))()
      } catch {
        refused += 1
      }
    }
    #expect(refused > mutants.count / 2)
  }
}
