import Autodiff
import Interventions
import Models
import Tensors
import Testing
import _TestSupport

struct FunctionInterventionTests {
  private let model = RunSupport.model(RunSupport.shapes[0])

  private func logits(_ intervention: any Intervention<Float>) throws -> [Float] {
    let places = UnitPlaces(positions: .each([[1, 3], [4, 0], [2, 1]]))
    let setup = try InterventionSetup(
      [Representation(intervention, at: .mlpOutput, layer: 1)], in: model)
    let call = InterventionCall<Float>(
      base: .tokens(RunSupport.base), sources: [.tokens(RunSupport.source)],
      places: [.init(source: places, base: places)])
    let run = InterventionRun(model, setup)
    try run.check(call)
    return run(call, on: Tape()).logits.value.elements
  }

  @Test
  func `a function of base and source is an intervention`() throws {
    let found = try logits(
      FunctionIntervention(needsSource: true) { input, tape in
        tape.add(input.base, tape.scale(tape.subtract(input.given, input.base), by: 0.25))
      })
    #expect(found == (try logits(Interpolate<Float>(alpha: 0.25))))
  }

  @Test
  func `a function that gives nothing only looks`() throws {
    let seen = Seen()
    let found = try logits(
      FunctionIntervention { input, _ in
        seen.shapes.append(input.base.value.shape)
        return nil
      })
    #expect(found == RunSupport.logits(model, RunSupport.base))
    #expect(seen.shapes == [[6, model.shape.width]])
  }

  /// Used by one thread.
  private final class Seen: @unchecked Sendable { var shapes: [[Int]] = [] }

  @Test
  func `soft intervals and closeness to a permutation have the published values`() {
    let places = Tensor<Double>([6], [0, 1, 2, 3, 4, 5])
    let near = Tolerance(absolute: 5e-5, relative: 0)
    let tape = Tape<Double>()
    let soft = tape.sigmoidBoundary(Variable(places), low: 0, high: 3, temperature: 2).value
    #expect(
      near.disagreement(soft.elements, [0.4088, 0.4551, 0.4551, 0.4088, 0.3325, 0.2485]) == nil)
    let harmonic = places.harmonicSigmoidBoundary(low: 0, high: 3, temperature: 2)
    #expect(
      near.disagreement(harmonic.elements, [0.5, 0.6608, 0.6608, 0.5, 0.3775, 0.2689]) == nil)
    #expect(Tensor<Double>([2, 2], [0, 1, 1, 0]).closenessToPermutation == 0)
    #expect(Tensor<Double>(repeating: 0.5, [2, 2]).closenessToPermutation == 0.25)
  }
}
