import Autodiff
import Interventions
import Models
import Tensors
import Testing
import _TestSupport

/// Changes of nothing leave logits equal to the bit.
struct NoOpTests {
  private func expectUnchanged(
    _ model: DecoderModel<Float>, _ representations: [Representation<Float>],
    _ places: [InterventionCall<Float>.Places], isNaive: Bool = false,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let setup = try InterventionSetup(representations, in: model)
    let call = InterventionCall<Float>(
      base: .tokens(RunSupport.base),
      sources: Array(repeating: .tokens(RunSupport.base), count: setup.groupCount), places: places)
    let run = InterventionRun(model, setup, isNaive: isNaive)
    try run.check(call)
    let result = run(call, on: Tape(), wantsOriginal: true)
    let plain = RunSupport.logits(model, RunSupport.base)
    #expect(result.logits.value.elements == plain, sourceLocation: sourceLocation)
    #expect(result.original?.value.elements == plain, sourceLocation: sourceLocation)
  }

  @Test(arguments: RunSupport.shapes, RunSupport.rowSites)
  func `a run patched with its own values is itself`(shape: DecoderShape, site: Site) throws {
    let model = RunSupport.model(shape)
    for layer in 0..<shape.layers {
      let places = UnitPlaces(positions: .each([[1, 3], [4, 0], [2, 1]]))
      try expectUnchanged(
        model, [Representation(Vanilla(), at: site, layer: layer)],
        [.init(source: places, base: places)])
    }
  }

  @Test(arguments: RunSupport.shapes, [true, false])
  func `restoring every site of every layer is itself`(
    shape: DecoderShape, isNaive: Bool
  ) throws {
    let model = RunSupport.model(shape)
    let all = RunSupport.rowSites.flatMap { site in
      (0..<shape.layers).map { Representation<Float>(Vanilla(), at: site, layer: $0, group: 0) }
    }
    try expectUnchanged(
      model, all, all.map { _ in .init(source: .whole, base: .whole) }, isNaive: isNaive)
  }

  @Test(arguments: RunSupport.shapes, [true, false])
  func `restoring every site that module paths name is itself`(
    shape: DecoderShape, isNaive: Bool
  ) throws {
    let model = RunSupport.model(shape)
    let all = RunSupport.pathSites(model)
    #expect(all.count > 6)
    for (site, layers) in all {
      let one = layers.map { Representation<Float>(Vanilla(), at: site, layer: $0, group: 0) }
      try expectUnchanged(
        model, one, one.map { _ in .init(source: .whole, base: .whole) }, isNaive: isNaive)
    }
  }

  @Test(arguments: RunSupport.shapes)
  func `attention probabilities and heads put back are themselves`(shape: DecoderShape) throws {
    let model = RunSupport.model(shape)
    let heads = UnitPlaces(blocks: .same([1, 0]))
    try expectUnchanged(
      model,
      [
        Representation(Vanilla(), at: .attentionWeight, layer: 1, unit: .head),
        Representation(Vanilla(), at: .headValueOutput, layer: 2, unit: .head),
      ], [.init(source: heads, base: heads), .init(source: heads, base: heads)])
  }

  @Test(arguments: RunSupport.shapes)
  func `adding zeros is nothing`(shape: DecoderShape) throws {
    let model = RunSupport.model(shape)
    let zeros = InterventionCall<Float>.Given(Tensor(zeros: [shape.width]))
    try expectUnchanged(
      model, [Representation(Addition(), at: .blockOutput, layer: 1)],
      [.init(base: UnitPlaces(positions: .same([0, 2])), given: zeros)])
  }

  @Test
  func `trained exchanges with an equal source change no bit`() throws {
    let shape = RunSupport.shapes[0]
    let width = shape.width
    let types: [any Intervention<Float>] = [
      RotatedSpace(RunSupport.rotation(width)),
      LowRankRotatedSpace(RunSupport.rotation(width, rank: 5)),
      BoundlessRotatedSpace(RunSupport.rotation(width)),
      SigmoidMaskRotatedSpace(RunSupport.rotation(width), masks: RunSupport.random([width])),
      SigmoidMask(mask: RunSupport.random([width]), temperature: Tensor(scalar: 1)),
      Interpolate(alpha: 0.3),
      try Expression("base + 0.5 * (source - base)"),
    ]
    for type in types {
      let places = UnitPlaces(positions: .each([[4], [5], [0]]))
      try expectUnchanged(
        RunSupport.model(shape), [Representation(type, at: .mlpOutput, layer: 2)],
        [.init(source: places, base: places)])
    }
  }
}
