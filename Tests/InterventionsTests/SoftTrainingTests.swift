import Foundation
import Inputs
import Interventions
import Tensors
import Testing
import _TestSupport

/// Training through a model's own soft output.
struct SoftTrainingTests {
  @Test(arguments: [true, false])
  func `training through the model's own soft choices lowers the loss of what it says`(
    isStraightThrough: Bool
  ) throws {
    let folder = try SpecFolder()
    let text = """
      {"model": "tiny", "kind": "train", "unit_locations": {"base": 2},
       "representations": {"layer": 1, "intervention_type": "expression",
         "args": {"formula": "base + d", "trained": {"d": {"shape": [12]}}}},
       "generate": {"max_new_tokens": 3,
         "soft": {"temperature": 0.7, "straight_through": \(isStraightThrough)}},
       "train": {"lr": 0.05, "steps": 12, "batches": [
         {"base": {"input_ids": [[1, 2, 3], [4, 4, 7]]}, "labels": [[3, 5, 7], [7, 11, 2]]}],
         "evaluate": [{"base": {"input_ids": [[1, 2, 3]]}, "labels": [[3, 5, 7]]}]}}
      """
    let outputs = try folder.run(text)()
    let losses = try #require(outputs.floats("losses")?.elements)
    #expect(losses.count == 12)
    #expect(losses[11] < losses[0])
    #expect(outputs.floats("final.intervened.logits")?.shape == [2, 3, 20])
    #expect(outputs.integers("final.intervened.ids")?.map(\.count) == [6, 6])
    #expect(outputs.floats("eval.loss") != nil)
  }

  @Test
  func `the first step through soft choices is along their gradient`() throws {
    let folder = try SpecFolder()
    func text(_ rest: String) -> String {
      """
      {"model": "tiny", "unit_locations": {"base": 1},
       "representations": {"layer": 0, "intervention_type": "expression",
         "args": {"formula": "base + d", "trained": {"d": {"start": "d"}}}},
       "generate": {"max_new_tokens": 2, "soft": {"temperature": 1}}, \(rest)}
      """
    }
    let batch = #""base": {"input_ids": [[1, 2, 3]]}, "labels": [[3, 5]]"#
    let gradient = try #require(
      folder.run(
        text(#""kind": "gradient", "wrt": "interventions", \#(batch)"#), tensors: ["d": [12]])()
        .floats("grad.0.d")?.elements)
    let trained = try #require(
      folder.run(
        text(
          #""kind": "train", "train": {"optimizer": "SGD", "lr": 0.5, "steps": 1, "#
            + #""batches": [{\#(batch)}]}"#), tensors: ["d": [12]])()
        .floats("final.0.d")?.elements)
    let start = RunSupport.random([12], seed: 5).elements
    let expected = zip(start, gradient).map { $0 - 0.5 * $1 }
    #expect(Tolerance(absolute: 1e-6, relative: 1e-5).disagreement(trained, expected) == nil)
    #expect(gradient.contains { abs($0) > 1e-4 })
  }

  private static func training(_ train: String, soft: String = #""soft": {"temperature": 1}"#)
    -> String
  {
    """
    {"model": "tiny", "kind": "train", "unit_locations": {"base": 1},
     "representations": {"layer": 0, "intervention_type": "expression",
       "args": {"formula": "base + d", "trained": {"d": {"shape": [12]}}}},
     "generate": {"max_new_tokens": 2, \(soft)}, "train": {"lr": 0.1, "steps": 2, \(train)}}
    """
  }

  @Test
  func `a sum of losses and batches of several lengths train through soft choices`() throws {
    let text = Self.training(
      #"""
      "boundary_weight": 0, "gradient_accumulation_steps": 2, "batches": [
        {"base": {"input_ids": [[1, 2, 3]]}, "labels": [5]},
        {"base": {"input_ids": [[4, 4], [1, 3]]}, "objective": [
          {"loss": "cross_entropy", "labels": [[3, 5], [7, 1]]},
          {"loss": "logit_difference", "positions": 0, "labels": [1, 2], "foils": [3, 4]}]}]
      """#)
    let losses = try #require(try SpecFolder().run(text)().floats("losses")?.elements)
    #expect(losses.count == 2 && losses[1] < losses[0])
  }

  @Test(arguments: [
    (#""batches": [{"base": {"input_ids": [[1]]}, "labels": [1, 2]}]"#, "1, one for each example"),
    (#""batches": [{"base": {"input_ids": [[1]]}, "labels": [[1, 2, 3]]}]"#, "for each step"),
    (
      #""batches": [{"base": {"input_ids": [[1]]}, "objective": {"loss": "kl", "to": "original"}}]"#,
      "generation has its own tokens"
    ),
    (
      #""parameters": "model", "batches": [{"base": {"input_ids": [[1]]}, "labels": [1]}]"#,
      "train.parameters"
    ),
  ])
  func `what soft training cannot do is refused by its field`(train: String, words: String) throws {
    #expect {
      _ = try SpecFolder().run(Self.training(train))()
    } throws: {
      $0 is Refusal && "\($0)".contains(words)
    }
  }

  @Test
  func `generation without soft, and microbatches of it, are not trained through`() throws {
    let batches = #""batches": [{"base": {"input_ids": [[1, 2]]}, "labels": [1]}]"#
    #expect {
      _ = try SpecFolder().run(Self.training(batches, soft: #""eos_token_id": []"#))
    } throws: {
      "\($0)".contains("generate.soft")
    }
    #expect {
      _ = try SpecFolder().run(Self.training(batches), microbatches: 1)
    } throws: {
      "\($0)".contains("microbatches of soft generation")
    }
  }
}
