import Autodiff
import Inputs
import Interventions
import Models
import Tensors
import Testing
import _TestSupport

/// Interventions written as formulas.
struct ExpressionTests {
  @Test(
    arguments: [
      ("block_output", "block_input"), ("mlp_output", "mlp_input"),
      ("attention_output", "attention_input"),
    ], [false, true])
  func `a formula sees what its site's module read`(
    sites: (output: String, input: String), isNaive: Bool
  ) throws {
    let folder = try SpecFolder()
    func outputs(_ representations: String) throws -> SpecOutputs {
      try folder.run(
        """
        {"model": "tiny", "base": {"input_ids": [[1, 2, 3, 9], [4, 4, 7, 1]]},
         "unit_locations": {"base": [\(representations.contains("}, {") ? "[[2]], " : "")[[2]]]},
         "representations": [\(representations)]}
        """, isNaive: isNaive)()
    }
    func formula(_ text: String) -> String {
      #"{"layer": 1, "component": "\#(sites.output)", "intervention_type": "expression", "#
        + #""args": {"formula": "\#(text)"}}"#
    }
    func look(_ site: String) -> String {
      #"{"layer": 1, "component": "\#(site)", "intervention_type": "CollectIntervention"}"#
    }
    let adapted = try outputs(
      [formula("input + 0.5 * base"), look(sites.output)].joined(separator: ", "))
    let read = try #require(try outputs(look(sites.input)).floats("collected.0"))
    let given = try #require(try outputs(look(sites.output)).floats("collected.0"))
    let found = try #require(adapted.floats("collected.0"))
    let expected = zip(read.elements, given.elements).map { $0 + 0.5 * $1 }
    // Other rows are made with them, so that products may be added in another order.
    #expect(zip(found.elements, expected).allSatisfy { abs($0 - $1) < 1e-5 })
    #expect(found.shape == [2, 1, 12])
    #expect(
      adapted.floats("intervened.logits")?.elements
        != adapted.floats("original.logits")?.elements)
  }

  @Test
  func `a formula that sees a module's input is refused where there is none`() throws {
    let folder = try SpecFolder()
    #expect {
      try folder.run(
        SpecFolder.forward(
          representation: #""layer": 1, "component": "query_output", "#
            + #""args": {"formula": "base + input"}"#, type: "expression"))
    } throws: {
      "\($0)".contains("query_output for expression")
    }
  }

  @Test
  func `a formula keeps to the coordinates that subspaces name`() throws {
    let folder = try SpecFolder()
    func found(_ subspaces: String) throws -> [Float] {
      let outputs = try folder.run(
        """
        {"model": "tiny", "base": {"input_ids": [[1, 2, 3, 9]]}, "unit_locations": {"base": [1, 2]},
         "representations": [
           {"layer": 1, "intervention_type": "expression", "args": {"formula": "base * 0"}},
           {"layer": 1, "intervention_type": "CollectIntervention"}]\(subspaces)}
        """)()
      return try #require(outputs.floats("collected.0")?.elements)
    }
    #expect(try found("").allSatisfy { $0 == 0 })
    let some = try found(#", "subspaces": [[[0, 5]], null]"#)
    for unit in 0..<2 {
      for coordinate in 0..<12 {
        #expect((some[unit * 12 + coordinate] == 0) == [0, 5].contains(coordinate))
      }
    }
  }

  private let base = Tensor<Double>([2, 2], [1, 2, 3, 4])
  private let source = Tensor<Double>([2, 2], [10, 20, 30, 40])

  private func value(
    _ formula: String, _ constants: [String: Tensor<Double>] = [:]
  ) throws -> [Double] {
    let expression = try Expression(formula, constants: constants)
    try expression.check(width: 2)
    let input = InterventionInput(
      base: Variable(base), source: Variable(source), coordinates: .all)
    let tape = Tape<Double>()
    return expression.apply(input, expression.parameters.bound(on: tape, asLeaves: false), on: tape)
      .value.elements
  }

  @Test
  func `formulas are worked out with the usual precedence`() throws {
    #expect(try value("base + 0.1 * source") == [2, 4, 6, 8])
    #expect(try value("base - source - source") == [-19, -38, -57, -76])
    #expect(try value("-base * 2 + source / 10") == [-1, -2, -3, -4])
    #expect(try value("2 * (base + source)") == [22, 44, 66, 88])
    #expect(try value("relu(base - 2)") == [0, 0, 1, 2])
    #expect(try value("1e1 * base / 2.5") == [4, 8, 12, 16])
    #expect(try value("base * mask", ["mask": Tensor([2], [0, 1])]) == [0, 2, 0, 4])
    let turn = Tensor<Double>([2, 2], [0, 1, -1, 0])
    #expect(try value("base @ M", ["M": turn]) == [-2, 1, -4, 3])
    #expect(try value("base @ M.T", ["M": turn]) == [2, -1, 4, -3])
    #expect(try value("base + v @ M", ["M": turn, "v": Tensor([2], [1, 5])]) == [-4, 3, -2, 5])
    #expect(try value("base + n", ["n": Tensor(scalar: 1)]) == [2, 3, 4, 5])
  }

  @Test
  func `the low-rank exchange as a formula is the low-rank exchange`() throws {
    let model = RunSupport.model(RunSupport.shapes[0])
    let rotation = RunSupport.rotation(model.shape.width, rank: 4)
    let types: [any Intervention<Float>] = [
      LowRankRotatedSpace(rotation),
      try Expression(
        "base + (source - base) @ R @ R.T", trained: [("R", .orthogonal(rotation))]),
    ]
    let found = try types.map { type in
      let setup = try InterventionSetup(
        [Representation(type, at: .blockOutput, layer: 1)], in: model)
      let places = UnitPlaces(positions: .same([1]))
      let call = InterventionCall<Float>(
        base: .tokens(RunSupport.base), sources: [.tokens(RunSupport.source)],
        places: [.init(source: places, base: places)])
      let tape = Tape<Float>()
      let bound = setup.bound(on: tape, asLeaves: true)
      let result = InterventionRun(model, setup)(
        call, on: tape, parameters: bound, logits: .last)
      let loss = tape.crossEntropy(result.logits, labels: [1, 2, 3])
      let name = type.parameters.entries[0].name
      return (result.logits.value, tape.gradients(of: loss, at: [bound[0][name]])[0])
    }
    #expect(found[0].0.elements == found[1].0.elements)
    let tolerance = Tolerance(absolute: 1e-6, relative: 1e-4)
    #expect(tolerance.disagreement(found[1].1.elements, found[0].1.elements) == nil)
  }

  @Test(arguments: [
    ("base +", "the end"), ("base $ source", "an operator or the end"),
    ("bose", "did you mean that?"), ("(base", "\")\""), ("base.T", "that of a matrix"),
    ("base @ m", "as many columns as the matrix has rows"), ("wide + base", "element by element"),
    ("m", "[units, 2], as the base has"), ("foo(base)", "a function: sigmoid"),
    ("base + 1e999", "a finite number"), ("base.x", "T, for the transpose"), ("", "the end"),
  ])
  func `a formula that does not fit is refused`(formula: String, words: String) throws {
    let constants: [String: Tensor<Double>] = [
      "m": Tensor(zeros: [3, 2]), "wide": Tensor(zeros: [3]),
    ]
    #expect {
      try Expression(formula, constants: constants).check(width: 2)
    } throws: {
      ($0 as? Refusal).map { "\($0)".contains(words) } ?? false
    }
  }

  @Test
  func `hostile formulas are refused, not followed`() {
    let deep = String(repeating: "(", count: 5000) + "base"
    let signs = String(repeating: "-", count: 5000) + "base"
    let long = String(repeating: "base+", count: 1900) + "base"
    let transposes = "base" + String(repeating: ".T", count: 4000)
    for formula in [deep, signs, long, transposes, String(repeating: " ", count: 20_000)] {
      #expect(throws: Refusal.self) { try Expression<Float>(formula) }
    }
  }

  @Test
  func `a name stands for one thing`() {
    #expect(throws: Refusal.self) {
      try Expression<Float>("base", constants: ["source": Tensor(scalar: 1)])
    }
  }
}
