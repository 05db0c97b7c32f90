import Foundation
import Inputs
import Tensors
import Testing
import _TestSupport

@testable import Interventions

/// What gradients and training can be of.
struct ObjectiveTests {
  private static let width = 20

  private func spec(_ objective: String, labels: String = "null") -> String {
    """
    {"model": "tiny", "kind": "gradient", "wrt": "interventions",
     "representations": [
       {"layer": 0, "component": "block_output", "intervention_type": "expression",
        "args": {"formula": "base + d", "trained": {"d": {"start": "d"}}}},
       {"layer": 1, "component": "mlp_output", "intervention_type": "CollectIntervention"}],
     "base": {"input_ids": [[1, 2, 3, 9], [4, 4, 7, 1]]},
     "unit_locations": {"base": [[[1]], [[2, 3]]]},
     "objective": \(objective), "labels": \(labels)}
    """
  }

  private func outputs(
    _ objective: String, labels: String = "null", microbatches: Int? = nil
  ) throws -> SpecOutputs {
    let folder = try SpecFolder()
    return try folder.run(
      spec(objective, labels: labels), tensors: ["d": [12], "t": [8, Self.width]],
      microbatches: microbatches)()
  }

  private func loss(_ outputs: SpecOutputs) throws -> Double {
    Double(try #require(outputs.floats("loss")?.elements.first))
  }

  private func logProbabilities(_ row: ArraySlice<Float>) -> [Double] {
    let values = row.map(Double.init)
    let largest = values.max() ?? 0
    let total = values.reduce(0) { $0 + exp($1 - largest) }
    return values.map { $0 - largest - log(total) }
  }

  /// The rows of an output's logits, of both examples.
  private func rows(
    _ outputs: SpecOutputs, _ name: String = "intervened.logits"
  ) throws -> [ArraySlice<Float>] {
    let all = try #require(outputs.floats(name)?.elements)
    return (0..<8).map { all[$0 * Self.width..<($0 + 1) * Self.width] }
  }

  /// The forward pass of the same specification.
  private func forward() throws -> SpecOutputs {
    let text = spec("null")
      .replacing(#""kind": "gradient", "wrt": "interventions","#, with: "")
    return try SpecFolder().run(text, tensors: ["d": [12], "t": [8, Self.width]])()
  }

  @Test
  func `cross entropy of several positions is the mean over them`() throws {
    let found = try outputs(
      #"{"loss": "cross_entropy", "positions": [1, -1]}"#, labels: "[[3, 5], [7, 11]]")
    let rows = try rows(found)
    let expected =
      zip([1, 3, 5, 7], [3, 5, 7, 11]).map { -logProbabilities(rows[$0])[$1] }
      .reduce(0, +) / 4
    #expect(abs(try loss(found) - expected) < 1e-5)
    let named = try outputs(
      #"{"loss": "cross_entropy", "positions": ["1:2", "last"]}"#, labels: "[[3, 5], [7, 11]]")
    #expect(try loss(named) == loss(found))
    let plain = try outputs("null", labels: "[5, 11]")
    #expect(try loss(plain) == loss(outputs(#""cross_entropy""#, labels: "[5, 11]")))
    #expect(try loss(plain) == loss(outputs(#"[{"loss": "cross_entropy", "labels": [5, 11]}]"#)))
  }

  @Test
  func `the divergence is that of the run from the unchanged one`() throws {
    let found = try outputs(#"{"loss": "kl", "to": "original", "positions": "all"}"#)
    let pairs = zip(
      try rows(forward(), "original.logits").map(logProbabilities),
      try rows(found).map(logProbabilities))
    let expected =
      pairs.map { p, q in zip(p, q).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) } }
      .reduce(0, +) / 8
    #expect(abs(try loss(found) - expected) < 1e-5)
    #expect(try loss(found) > 0)
  }

  @Test
  func `a difference of logits is the foil's less the label's`() throws {
    let found = try outputs(
      #"{"loss": "logit_difference", "labels": [3, 5], "foils": [4, 6]}"#)
    let rows = try rows(found)
    func at(_ row: Int, _ token: Int) -> Double {
      Double(rows[row][rows[row].startIndex + token])
    }
    let expected = (at(3, 4) - at(3, 3) + at(7, 6) - at(7, 5)) / 2
    #expect(abs(try loss(found) - expected) < 1e-5)
  }

  @Test
  func `a mean squared error is that of logits or of a collected value`() throws {
    let found = try outputs(#"{"loss": "mean_squared_error", "to": "t", "positions": "all"}"#)
    let tensor = RunSupport.random([8, Self.width], seed: 6).elements
    let logits = try #require(found.floats("intervened.logits")?.elements)
    let expected = zip(logits, tensor).reduce(0.0) { $0 + pow(Double($1.0 - $1.1), 2) }
    #expect(abs(try loss(found) - expected / Double(tensor.count)) < 1e-4)
    let zero = try outputs(
      #"{"loss": "mean_squared_error", "to": "zeros", "of": "collected.0"}"#)
    let values = try #require(try forward().floats("collected.0"))
    #expect(values.shape == [2, 2, 12])
    let square = values.elements.reduce(0.0) { $0 + Double($1) * Double($1) }
    #expect(abs(try loss(zero) - square / 48) < 1e-6)
  }

  @Test(arguments: [nil, 1])
  func `a sum has the sum of its terms' losses and gradients`(microbatches: Int?) throws {
    let terms = [
      #"{"loss": "cross_entropy", "labels": [3, 5], "weight": 2}"#,
      #"{"loss": "kl", "to": "original", "positions": "1:", "weight": 0.5}"#,
      #"{"loss": "mean_squared_error", "to": "t", "positions": "all", "weight": -1}"#,
      #"{"loss": "logit_difference", "labels": [[1, 2], [3, 4]], "#
        + #""foils": [[5, 6], [7, 8]], "positions": [0, 2]}"#,
      #"{"loss": "mean_squared_error", "to": "zeros", "of": "collected.0", "weight": 3}"#,
    ]
    let sum = try outputs("[\(terms.joined(separator: ", "))]", microbatches: microbatches)
    var (loss, gradient) = (0.0, [Double](repeating: 0, count: 12))
    for term in terms {
      let own = try outputs(term)
      loss += try self.loss(own)
      let part = try #require(own.floats("grad.0.d")?.elements)
      for (place, value) in part.enumerated() { gradient[place] += Double(value) }
    }
    #expect(abs(try self.loss(sum) - loss) < 1e-4)
    let found = try #require(sum.floats("grad.0.d")?.elements)
    let tolerance = Tolerance(absolute: 1e-5, relative: 1e-4)
    #expect(tolerance.disagreement(found, gradient.map { Float($0) }) == nil)
    #expect(found.contains { abs($0) > 1e-4 })
  }

  @Test
  func `pieces do not read a collected value whose number hangs on their examples`() throws {
    let text = spec(#"{"loss": "mean_squared_error", "to": "zeros", "of": "collected.1"}"#)
      .replacing(
        #"{"layer": 1, "component": "mlp_output""#,
        with: #"{"layer": 0, "component": "mlp_output", "intervention_type": "#
          + #""CollectIntervention"}, {"layer": 1, "component": "mlp_output""#
      )
      .replacing("[[[1]], [[2, 3]]]", with: "[[[1]], [[0], [1, 2]], [[2, 3]]]")
    func run(_ microbatches: Int?) throws -> SpecOutputs {
      try SpecFolder().run(text, tensors: ["d": [12]], microbatches: microbatches)()
    }
    #expect(try loss(run(nil)) > 0)
    #expect {
      _ = try run(1)
    } throws: {
      "\($0)".contains("objective.of") && "\($0)".contains("microbatches")
    }
  }

  @Test
  func `training lowers what it is told to, on whole batches and in pieces`() throws {
    let folder = try SpecFolder()
    func losses(_ microbatches: Int?) throws -> [Float] {
      let text = """
        {"model": "tiny", "kind": "train",
         "representations": {"layer": 0, "component": "block_output",
           "intervention_type": "expression",
           "args": {"formula": "base + d", "trained": {"d": {"shape": [12]}}}},
         "unit_locations": {"base": 1},
         "objective": [{"loss": "cross_entropy", "positions": [2, 3]},
           {"loss": "kl", "to": "original", "positions": 1, "weight": 0.1}],
         "train": {"lr": 0.05, "steps": 8, "batches": [
           {"base": {"input_ids": [[1, 2, 3, 9], [4, 4, 7, 1]]}, "labels": [[3, 5], [7, 11]]}],
           "evaluate": [{"base": {"input_ids": [[1, 2, 3, 9]]}, "labels": [[3, 5]]}]}}
        """
      let outputs = try folder.run(text, microbatches: microbatches)()
      #expect(outputs.floats("eval.accuracy") != nil)
      return try #require(outputs.floats("losses")?.elements)
    }
    let whole = try losses(nil)
    #expect(whole[7] < whole[0])
    let pieces = try losses(1)
    #expect(Tolerance(absolute: 1e-4, relative: 1e-4).disagreement(pieces, whole) == nil)
  }

  @Test
  func `examples of unequal lengths count alike, whatever positions they have`() throws {
    func loss(_ ids: String, _ labels: String) throws -> Double {
      let text = """
        {"model": "tiny", "kind": "gradient", "wrt": "interventions",
         "representations": {"layer": 0, "intervention_type": "expression",
           "args": {"formula": "base + d", "trained": {"d": {"start": "d"}}}},
         "base": {"input_ids": \(ids)}, "unit_locations": {"base": 1},
         "objective": {"loss": "cross_entropy", "positions": "all"}, "labels": \(labels)}
        """
      return try self.loss(SpecFolder().run(text, tensors: ["d": [12]])())
    }
    let both = try loss("[[1, 2], [4, 4, 7]]", "[[1, 4], [2, 2, 3]]")
    let each = try (loss("[[1, 2]]", "[[1, 4]]"), loss("[[4, 4, 7]]", "[[2, 2, 3]]"))
    #expect(abs(both - (each.0 + each.1) / 2) < 1e-5)
  }

  @Test
  func `labels can be text of one token`() throws {
    func loss(_ labels: String) throws -> Double {
      let texts = SpecTexts(
        encode: { text, _ in text.utf8.map { Int($0) - 97 } }, decode: { _ in "" })
      return try self.loss(
        SpecFolder().run(
          spec(#"{"loss": "cross_entropy", "positions": [0, -1]}"#, labels: labels),
          tensors: ["d": [12]], texts: texts)())
    }
    #expect(try loss(#"[["b", "c"], [3, "a"]]"#) == loss("[[1, 2], [3, 0]]"))
    #expect {
      try loss(#"[["b", "cd"], [3, "a"]]"#)
    } throws: {
      "\($0)".contains("labels[0][1]") && "\($0)".contains("2 tokens")
    }
  }

  @Test
  func `the shapes of what is collected are known before the run`() throws {
    let sites = [
      ("mlp_output", "pos", "[[1, 2], [0, 3]]", "null"),
      ("mlp_output", "dim", "[[0, 3, 5], [1, 2, 4]]", "null"),
      ("mlp_output", "pos", "[[2], [1]]", "[[0, 1], [4, 5]]"),
      ("head_attention_value_output", "h.pos", "[[[0, 2], [1, 2]], [[0, 1], [2, 3]]]", "null"),
      ("head_attention_value_output", "h", "[[0], [2]]", "null"),
      ("attention_weight", "h", "[[1], [1]]", "null"),
      ("mlp_output", "pos", "[[], []]", "null"), ("mlp_output", "pos", "[[0], [1, 2]]", "null"),
    ]
    let items = sites.map {
      #"{"layer": 1, "component": "\#($0.0)", "unit": "\#($0.1)", "max_number_of_units": 3, "#
        + #""intervention_type": "CollectIntervention"}"#
    }
    let run = try SpecFolder().run(
      """
      {"model": "tiny", "base": {"input_ids": [[1, 2, 3, 9], [4, 4, 7, 1]]},
       "representations": [\(items.joined(separator: ", "))],
       "unit_locations": {"base": [\(sites.map(\.2).joined(separator: ", "))]},
       "subspaces": [\(sites.map(\.3).joined(separator: ", "))]}
      """)
    let shapes = InterventionRun(run.model, run.setup.setup)
      .collectedShapes(try run.call(run.spec.call))
    let outputs = try run()
    #expect(shapes.count == sites.count - 1)
    for (number, shape) in shapes.dropLast().enumerated() {
      #expect(outputs.floats("collected.\(number)")?.shape == shape)
    }
    #expect(shapes.last == .some(nil))
    #expect(outputs.floats("collected.\(shapes.count - 1)")?.shape == [3, 12])
  }

  @Test(arguments: [
    (#""cross_entropi""#, "[5, 11]", "cross_entropy"), (#""kl""#, "null", "without to"),
    (#"{"loss": "kl"}"#, "null", "objective.to"), ("[]", "null", "one at least"),
    (#"{"loss": "kl", "to": "original", "foils": [1, 2]}"#, "null", "foils"),
    (#"{"loss": "kl", "to": "original"}"#, "[1, 2]", "labels"),
    (#"{"loss": "logit_difference", "foils": [5, 11]}"#, "[5, 11]", "5, which is the label"),
    (#"{"loss": "cross_entropy", "positions": [0, 4]}"#, "[5, 11]", "position 4"),
    (#"{"loss": "cross_entropy", "positions": "all"}"#, "[5, 11]", "4, one for each position"),
    (#"{"loss": "mean_squared_error", "to": [1, 2]}"#, "null", "shape [2]"),
    (#"{"loss": "mean_squared_error", "to": "t", "of": "collected.1"}"#, "null", "collected.0"),
    (#"{"loss": "cross_entropy", "wieght": 2}"#, "[5, 11]", "weight"),
    (#"{"loss": "cross_entropy", "to": "t"}"#, "[5, 11]", "objective.to"),
    (#"{"loss": "kl", "to": "t", "of": "collected.0"}"#, "null", "objective.of"),
    (#"{"loss": "kl", "to": "t", "weight": 1e300}"#, "null", "objective.weight"),
    (#"{"loss": "cross_entropy", "positions": [1, "1:3"]}"#, "[5, 11]", "a position twice"),
    (#"{"loss": "cross_entropy", "positions": "2:2"}"#, "[5, 11]", "no position"),
    (#"{"loss": "cross_entropy", "labels": [1, 2]}"#, "[5, 11]", "labels for the objective"),
    (
      #"{"loss": "mean_squared_error", "to": "zeros", "of": "collected.0", "positions": 1}"#,
      "null", "objective.positions"
    ),
    ("null", "[[5, 11]]", "1 labels"), ("null", "[5, 20]", "0 to 19"), ("null", "null", "labels"),
  ])
  func `a wrong objective is refused with its field`(
    objective: String, labels: String, words: String
  ) throws {
    #expect {
      try outputs(objective, labels: labels)
    } throws: {
      $0 is Refusal && "\($0)".contains(words)
    }
  }

  @Test
  func `a grid refuses an evaluation without labels, of which it stores the accuracy`() throws {
    func extent(_ objective: String) throws -> SpecRun.Extent {
      try SpecFolder().run(
        """
        {"model": "tiny", "kind": "train", "unit_locations": {"base": 1},
         "representations": {"layer": 0, "intervention_type": "expression",
           "args": {"formula": "base + d", "trained": {"d": {"shape": [12]}}}},
         "train": {"lr": 0.05, "steps": 2, "batches": [
           {"base": {"input_ids": [[1, 2]]}, "objective": {"loss": "kl", "to": "original"}}],
           "evaluate": [{"base": {"input_ids": [[1, 2]]}, "objective": \(objective)}]}}
        """
      ).extent()
    }
    let plain = try extent(#"{"loss": "cross_entropy", "labels": [3]}"#)
    #expect(plain.evaluates && plain.goesBack)
    // Two steps of two positions, and the unchanged run that the loss compares with.
    #expect(plain.rows == 6)
    #expect {
      _ = try extent(#"{"loss": "kl", "to": "original"}"#)
    } throws: {
      "\($0)".contains("an evaluation without labels in a grid")
    }
  }

  @Test
  func `an objective where nothing is made smaller is refused`() throws {
    let folder = try SpecFolder()
    #expect {
      try folder.run(SpecFolder.forward(more: #", "objective": "kl""#))
    } throws: {
      "\($0)".contains(#"kind = "gradient" or "train""#)
    }
  }
}
