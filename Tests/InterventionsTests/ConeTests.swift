import Autodiff
import Interventions
import Models
import Tensors
import Testing
import _TestSupport

/// Runs that share the unchanged run's prefix give what whole runs give.
struct ConeTests {
  private func results(
    _ model: DecoderModel<Float>, _ setup: InterventionSetup<Float>,
    _ call: InterventionCall<Float>, logits: InterventionRun<Float>.Logits = .all,
    original: Bool = false
  ) throws -> (cone: InterventionRun<Float>.Result, naive: InterventionRun<Float>.Result) {
    let cone = InterventionRun(model, setup)
    try cone.check(call)
    let naive = InterventionRun(model, setup, isNaive: true)
    return (
      cone(call, on: Tape(), logits: logits, wantsOriginal: original),
      naive(call, on: Tape(), logits: logits, wantsOriginal: original)
    )
  }

  private func call(_ places: [InterventionCall<Float>.Places]) -> InterventionCall<Float> {
    InterventionCall(
      base: .tokens(RunSupport.base),
      sources: Array(repeating: .tokens(RunSupport.source), count: places.count), places: places)
  }

  @Test(arguments: RunSupport.shapes, RunSupport.rowSites)
  func `a change at one place gives the bits of a whole run`(
    shape: DecoderShape, site: Site
  ) throws {
    let model = RunSupport.model(shape)
    for layer in 0..<shape.layers {
      let setup = try InterventionSetup<Float>(
        [Representation(Vanilla(), at: site, layer: layer)], in: model)
      let places = InterventionCall<Float>.Places(
        source: UnitPlaces(positions: .each([[0], [6], [2]])),
        base: UnitPlaces(positions: .each([[3], [0], [2]])))
      for wanted in [InterventionRun<Float>.Logits.all, .last] {
        for original in [true, false] {
          let (cone, naive) = try results(
            model, setup, call([places]), logits: wanted, original: original)
          #expect(cone.logits.value.elements == naive.logits.value.elements)
          #expect(cone.original?.value.elements == naive.original?.value.elements)
        }
      }
    }
  }

  @Test(arguments: RunSupport.shapes)
  func `several changes and collections give the bits of a whole run`(
    shape: DecoderShape
  ) throws {
    let model = RunSupport.model(shape)
    let setup = try InterventionSetup<Float>(
      [
        Representation(Addition(), at: .headAttentionValueOutput, layer: 1, unit: .headPosition),
        Representation(Vanilla(), at: .blockOutput, layer: 1),
        Representation(Collect(), at: .blockOutput, layer: 1),
        Representation(Collect(), at: .headKeyOutput, layer: 3, unit: .headPosition),
        Representation(Zero(), at: .attentionWeight, layer: 2, unit: .headPosition),
      ], in: model)
    let pair = UnitPlaces(blocks: .same([1, 0]), positions: .each([[2], [4], [2]]))
    let row = UnitPlaces(positions: .each([[4], [5], [1]]))
    let (cone, naive) = try results(
      model, setup,
      call([
        .init(source: pair, base: pair), .init(source: row, base: row), .init(base: row),
        .init(base: pair), .init(base: pair),
      ]))
    #expect(cone.logits.value.elements == naive.logits.value.elements)
    #expect(cone.collected.map(\.value.elements) == naive.collected.map(\.value.elements))
    #expect(cone.collected.map(\.shape) == [[3, 1, shape.width], [3, 2, 1, shape.headWidth]])
  }

  @Test(arguments: RunSupport.shapes)
  func `gradients to a rotation are those of a whole run`(shape: DecoderShape) throws {
    let model = RunSupport.model(shape)
    let rotation = LowRankRotatedSpace(RunSupport.rotation(shape.width, rank: 3))
    let setup = try InterventionSetup<Float>(
      [Representation(rotation, at: .blockOutput, layer: 1)], in: model)
    let places = InterventionCall<Float>.Places(
      source: UnitPlaces(positions: .each([[0], [6], [2]])),
      base: UnitPlaces(positions: .each([[3], [1], [2]])))
    let gradients = [true, false].map { isNaive in
      let tape = Tape<Float>()
      let bound = setup.bound(on: tape, asLeaves: true)
      let run = InterventionRun(model, setup, isNaive: isNaive)
      let result = run(call([places]), on: tape, parameters: bound, logits: .last)
      let loss = tape.crossEntropy(result.logits, labels: [1, 2, 3])
      let name = rotation.parameters.entries[0].name
      return tape.gradients(of: loss, at: [bound[0][name]])[0].elements
    }
    let tolerance = Tolerance(absolute: 1e-6, relative: 1e-4)
    #expect(tolerance.disagreement(gradients[1], gradients[0]) == nil)
    #expect(gradients[0].contains { abs($0) > 1e-4 })
  }

  @Test
  func `a model on the tape runs whole and gives its weights gradients`() throws {
    let model = RunSupport.model(RunSupport.shapes[0])
    let tape = Tape<Float>()
    let (trained, weights) = model.trainable(on: tape)
    let setup = try InterventionSetup<Float>(
      [Representation(Vanilla(), at: .blockOutput, layer: 2)], in: model)
    let places = UnitPlaces(positions: .each([[4], [6], [2]]))
    let result = InterventionRun(trained, setup, trainsModel: true)(
      call([.init(source: places, base: places)]), on: tape, logits: .last)
    let loss = tape.crossEntropy(result.logits, labels: [1, 2, 3])
    for (name, gradient) in zip(weights.names, tape.gradients(of: loss, at: weights.all)) {
      #expect(gradient.elements.contains { $0 != 0 }, "\(name)")
    }
  }
}
