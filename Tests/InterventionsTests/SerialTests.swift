import Autodiff
import Interventions
import Models
import Tensors
import Testing
import _TestSupport

/// Sources that change the next source.
struct SerialTests {
  @Test(arguments: RunSupport.shapes)
  func `a serial run is two runs by hand`(shape: DecoderShape) throws {
    let model = RunSupport.model(shape)
    let third = [[20, 3, 4, 4, 1], [9, 9, 9, 2, 1, 0, 5], [6, 6, 5]]
    func rows(_ positions: [[Int]]) -> UnitPlaces { UnitPlaces(positions: .each(positions)) }
    let (a, b) = (rows([[1], [2], [0]]), rows([[2], [3], [1]]))
    let (c, d) = (rows([[3], [5], [2]]), rows([[4], [4], [1]]))

    let serial = try InterventionSetup<Float>(
      [
        Representation(Vanilla(), at: .mlpOutput, layer: 0),
        Representation(Vanilla(), at: .blockOutput, layer: 2),
      ], in: model, mode: .serial)
    let call = InterventionCall<Float>(
      base: .tokens(third), sources: [.tokens(RunSupport.base), .tokens(RunSupport.source)],
      places: [.init(source: a, base: b), .init(source: c, base: d)])
    let run = InterventionRun(model, serial)
    try run.check(call)
    let found = run(call, on: Tape()).logits.value.elements

    // By hand: the second source is changed by the first and looked at; what is seen goes to the
    // base.
    let changing = try InterventionSetup<Float>(
      [
        Representation(Vanilla(), at: .mlpOutput, layer: 0),
        Representation(Collect(), at: .blockOutput, layer: 2),
      ], in: model)
    let seen = InterventionRun(model, changing, isNaive: true)(
      InterventionCall(
        base: .tokens(RunSupport.source), sources: [.tokens(RunSupport.base)],
        places: [.init(source: a, base: b), .init(base: c)]), on: Tape()
    ).collected[0].value
    let given = try InterventionSetup<Float>(
      [Representation(Vanilla(), at: .blockOutput, layer: 2)], in: model)
    let expected = InterventionRun(model, given, isNaive: true)(
      InterventionCall(
        base: .tokens(third), places: [.init(base: d, given: .init(seen))]), on: Tape())
    #expect(found == expected.logits.value.elements)
  }

  @Test
  func `a null source leaves out all of its step of a serial run`() throws {
    let folder = try SpecFolder()
    func logits(_ first: String, _ second: String, _ sources: String) throws -> [Float]? {
      try folder.run(
        """
        {"model": "tiny", "mode": "serial", "base": {"input_ids": [[1, 2, 3, 9]]},
         "sources": \(sources), "unit_locations": {"source_0->source_1": 1, "source_1->base": 2},
         "representations": [{"layer": 0, \(first)}, {"layer": 1, \(second)}]}
        """, tensors: ["v": [12]])().floats("intervened.logits")?.elements
    }
    let swap = #""intervention_type": "VanillaIntervention""#
    let zero = #""intervention_type": "ZeroIntervention""#
    let push = #""intervention_type": "AdditionIntervention", "source_representation": "v""#
    let (one, two) = (#"{"input_ids": [[4, 5, 6, 7]]}"#, #"{"input_ids": [[8, 3, 3, 1]]}"#)
    let alone = try logits(swap, swap, "[null, \(two)]")
    for type in [zero, push] {
      #expect(try logits(type, swap, "[null, \(two)]") == alone)
      #expect(try logits(type, swap, "[\(one), \(two)]") != alone)
    }
    // What the step before made has no run to act in: the base is not that step's target.
    let plain = RunSupport.logits(folder.model, [[1, 2, 3, 9]])
    #expect(try logits(swap, zero, "[\(one), null]") == plain)
    #expect(try logits(swap, zero, "[\(one), \(two)]") != plain)
  }

  @Test
  func `a source that is null leaves its intervention out`() throws {
    let model = RunSupport.model(RunSupport.shapes[0])
    let setup = try InterventionSetup<Float>(
      [
        Representation(Vanilla(), at: .blockOutput, layer: 1),
        Representation(Zero(), at: .mlpOutput, layer: 2),
      ], in: model)
    let places = UnitPlaces(positions: .same([1]))
    let call = InterventionCall<Float>(
      base: .tokens(RunSupport.base), sources: [nil, nil],
      places: [.init(source: places, base: places), .init(base: places)])
    let run = InterventionRun(model, setup)
    try run.check(call)
    let zero = try InterventionSetup<Float>(
      [Representation(Zero(), at: .mlpOutput, layer: 2)], in: model)
    let only = InterventionRun(model, zero)(
      InterventionCall(base: .tokens(RunSupport.base), places: [.init(base: places)]), on: Tape())
    let found = run(call, on: Tape()).logits.value.elements
    #expect(found == only.logits.value.elements)
    #expect(found != RunSupport.logits(model, RunSupport.base))
  }
}
