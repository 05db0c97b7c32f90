import Autodiff
import Inputs
import Interventions
import Models
import Tensors
import Testing
import _TestSupport

/// Collections, and gradients through runs: groups E, G and J of the checklist.
struct ChecklistGradientTests {
  typealias Places = InterventionCall<Float>.Places

  private let model = RunSupport.model(RunSupport.shapes[0])
  private let rows = UnitPlaces(positions: .each([[1], [4], [2]]))

  private func isMoved(_ gradient: Tensor<Float>) -> Bool {
    gradient.elements.allSatisfy(\.isFinite) && gradient.elements.contains { abs($0) > 1e-6 }
  }

  @Test
  func `collections come in the order of the list, in the shape of their places`() throws {
    let heads = UnitPlaces(blocks: .same([3, 1]), positions: .same([2, 0]))
    let one = UnitPlaces(blocks: .same([1]), positions: .same([2]))
    let setup = try InterventionSetup<Float>(
      [
        Representation(Collect(), at: .blockOutput, layer: 2),
        Representation(Collect(), at: .headValueOutput, layer: 0, unit: .headPosition),
        Representation(Collect(), at: .headValueOutput, layer: 0, unit: .headPosition),
      ], in: model)
    let call = InterventionCall<Float>(
      base: .tokens(RunSupport.base),
      places: [
        Places(base: UnitPlaces(positions: .same([0, 1, 2]))), Places(base: heads),
        Places(base: one, coordinates: .shared([5])),
      ])
    let run = InterventionRun(model, setup)
    try run.check(call)
    let found = run(call, on: Tape())
    #expect(found.collected.map(\.value.shape) == [[3, 3, 32], [3, 2, 2, 8], [3, 1, 1, 1]])
    #expect(found.logits.value.elements == RunSupport.logits(model, RunSupport.base))

    var values: [Float] = []
    _ = model.run(.tokens(RunSupport.base), on: Tape()) { here in
      if here.site == .valueOutput, here.layer == 0 { values = here.value.value.elements }
      return here.value
    }
    let starts = [0, 5, 12]
    let expected = starts.flatMap { start in
      [3, 1].flatMap { head in
        [2, 0].flatMap { position in
          (0..<8).map { values[(start + position) * 32 + head * 8 + $0] }
        }
      }
    }
    #expect(found.collected[1].value.elements == expected)
    #expect(found.collected[2].value.elements == starts.map { values[($0 + 2) * 32 + 8 + 5] })
  }

  @Test
  func `what is collected keeps its gradient to an intervention before it`() throws {
    let setup = try InterventionSetup<Float>(
      [
        Representation(RotatedSpace(RunSupport.rotation(32)), at: .blockOutput, layer: 0),
        Representation(Collect(), at: .mlpOutput, layer: 2),
      ], in: model)
    let call = InterventionCall<Float>(
      base: .tokens(RunSupport.base), sources: [.tokens(RunSupport.source), nil],
      places: [
        Places(source: rows, base: rows, coordinates: .shared([0, 1, 2])), Places(base: rows),
      ])
    let tape = Tape<Float>()
    let bound = setup.bound(on: tape, asLeaves: true)
    let run = InterventionRun(model, setup)
    try run.check(call)
    let found = run(call, on: tape, parameters: bound)
    let name = setup.interventions[0].parameters.entries[0].name
    #expect(isMoved(tape.gradients(of: tape.sum(found.collected[0]), at: [bound[0][name]])[0]))
  }

  @Test
  func `the unchanged run has gradients to the weights too`() throws {
    let tape = Tape<Float>()
    let (trained, weights) = model.trainable(on: tape)
    let setup = try InterventionSetup<Float>(
      [Representation(Vanilla(), at: .blockOutput, layer: 3)], in: trained)
    let call = InterventionCall<Float>(
      base: .tokens(RunSupport.base), sources: [.tokens(RunSupport.source)],
      places: [Places(source: .whole, base: .whole)])
    let found = InterventionRun(trained, setup, trainsModel: true)(
      call, on: tape, wantsOriginal: true)
    let labels = Array(repeating: 3, count: 15)
    let original = try #require(found.original)
    let ofOriginal = tape.gradients(
      of: tape.crossEntropy(original, labels: labels), at: weights.all)
    // All of the base is replaced, so the changed run's gradients are those of the source's run.
    let ofSource = tape.gradients(
      of: tape.crossEntropy(found.logits, labels: labels), at: weights.all)

    func plain(_ tokens: [[Int]]) -> [Tensor<Float>] {
      let tape = Tape<Float>()
      let (trained, weights) = model.trainable(on: tape)
      let logits = trained.run(.tokens(tokens), on: tape, visit: nil)
      return tape.gradients(of: tape.crossEntropy(logits, labels: labels), at: weights.all)
    }
    let tolerance = Tolerance(absolute: 1e-5, relative: 1e-3)
    for (found, expected) in [
      (ofOriginal, plain(RunSupport.base)), (ofSource, plain(RunSupport.source)),
    ] {
      #expect(found.contains { isMoved($0) })
      for (one, other) in zip(found, expected) {
        #expect(tolerance.disagreement(one.elements, other.elements) == nil)
      }
    }
  }

  @Test
  func `an intervened model can be part of a larger network`() throws {
    let setup = try InterventionSetup<Float>(
      [
        Representation(
          LowRankRotatedSpace(RunSupport.rotation(32, rank: 4)), at: .blockOutput, layer: 1)
      ],
      in: model)
    let call = InterventionCall<Float>(
      base: .tokens(RunSupport.base), sources: [.tokens(RunSupport.source)],
      places: [Places(source: rows, base: rows)])
    let tape = Tape<Float>()
    let bound = setup.bound(on: tape, asLeaves: true)
    let head = tape.leaf(RunSupport.random([30, 2]))
    let found = InterventionRun(model, setup)(call, on: tape, parameters: bound, logits: .last)
    let loss = tape.crossEntropy(tape.matrixProduct(found.logits, head), labels: [0, 1, 0])
    let name = setup.interventions[0].parameters.entries[0].name
    for gradient in tape.gradients(of: loss, at: [head, bound[0][name]]) {
      #expect(isMoved(gradient))
    }
  }

  @Test
  func `a linked intervention is trained once, and a loss can hold boundaries down`() throws {
    let boundless = BoundlessRotatedSpace(RunSupport.rotation(32))
    let setup = try InterventionSetup<Float>(
      [
        Representation(boundless, at: .blockOutput, layer: 1, link: "a"),
        Representation(boundless, at: .blockOutput, layer: 2, link: "a"),
      ], in: model)
    let addresses = InterventionTraining.addresses(in: setup)
    #expect(addresses.map(\.intervention) == [0, 0, 0])
    let call = InterventionCall<Float>(
      base: .tokens(RunSupport.base),
      sources: [.tokens(RunSupport.source), .tokens(RunSupport.source)],
      places: [Places(source: rows, base: rows), Places(source: rows, base: rows)])
    var training = InterventionTraining(
      setup, addresses, GradientDescent<Float>([ParameterGroup(count: 3, rate: 0.1)]))
    let loss = training.step(model, call) { result, tape in
      result.boundaries(on: tape) ?? Variable(Tensor(scalar: -1))
    }
    #expect(loss == 0.5)
    let after = training.setup.interventions[0].parameters["intervention_boundaries"]?.elements
    #expect(Tolerance(absolute: 1e-6, relative: 0).disagreement(after ?? [], [0.4]) == nil)
  }

  @Test
  func `prompts of any lengths generate together what each generates alone`() throws {
    let push = RunSupport.random([32]).scaled(by: 3)
    let setup = try InterventionSetup<Float>(
      [Representation(Addition(), at: .blockOutput, layer: 1)], in: model)
    let generation = Generation(model, setup, passes: .init(actsOnPrompt: true))
    func tokens(_ prompts: [[Int]], _ positions: [[Int]], _ chosen: [Int]) throws -> [[Int]] {
      let call = InterventionCall<Float>(
        base: .tokens(prompts),
        places: [
          Places(
            base: UnitPlaces(positions: .each(positions)), coordinates: .shared(chosen),
            given: .init(push))
        ])
      try generation.check(call, count: 8)
      var choose = TokenChoice()
      return generation(call, count: 8) { choose($0) }.tokens
    }
    let at = [[4, 1], [6, 0], [2, 2]]
    let all = Array(0..<32)
    let together = try tokens(RunSupport.base, at, all)
    let alone = try zip(RunSupport.base, at).flatMap { try tokens([$0], [$1], all) }
    #expect(together == alone)
    #expect(try together != tokens(RunSupport.base, at, [0]))
  }
}
