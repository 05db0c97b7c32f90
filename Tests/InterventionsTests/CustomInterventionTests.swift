import Autodiff
import Interventions
import Models
import Tensors
import Testing
import _TestSupport

/// A type of one's own: keeps activations within limits.
struct Clip<Scalar: Real>: Intervention {
  let name = "Clip"
  let limit: Scalar

  func apply(
    _ input: InterventionInput<Scalar>, _ parameters: BoundParameters<Scalar>,
    on tape: Tape<Scalar>
  ) -> Variable<Scalar> {
    let clipped = tape.clamp(input.base, from: -limit, to: limit)
    return tape.exchange(input.base, with: clipped, at: input.coordinates)
  }
}

/// One with a trained parameter: adds a vector that is learnt.
struct Nudge: Intervention {
  let name = "Nudge"
  var parameters: InterventionParameters<Float>

  init(width: Int) {
    parameters = InterventionParameters(trained: [("direction", Tensor(zeros: [width]))])
  }

  func apply(
    _ input: InterventionInput<Float>, _ parameters: BoundParameters<Float>, on tape: Tape<Float>
  ) -> Variable<Float> {
    tape.addRow(input.base, parameters["direction"])
  }
}

struct CustomInterventionTests {
  private let model = RunSupport.model(RunSupport.shapes[0])
  private let places = UnitPlaces(positions: .same([1]))

  @Test
  func `a type of one's own acts like any other`() throws {
    let setup = try InterventionSetup<Float>(
      [
        Representation(Clip(limit: 0.25), at: .blockOutput, layer: 1),
        Representation(Collect(), at: .blockOutput, layer: 1),
      ], in: model)
    let call = InterventionCall<Float>(
      base: .tokens(RunSupport.base), places: [.init(base: places), .init(base: places)])
    let run = InterventionRun(model, setup)
    try run.check(call)
    let seen = run(call, on: Tape()).collected[0].value.elements
    #expect(seen.allSatisfy { abs($0) <= 0.25 })
    #expect(seen.contains(0.25))
  }

  @Test
  func `a type of one's own is trained like any other`() throws {
    let setup = try InterventionSetup<Float>(
      [Representation(Nudge(width: model.shape.width), at: .blockOutput, layer: 2)], in: model)
    let call = InterventionCall<Float>(
      base: .tokens(RunSupport.base),
      places: [.init(base: UnitPlaces(positions: .each([[4], [6], [2]])))])
    let addresses = InterventionTraining.addresses(in: setup)
    #expect(addresses.map(\.name) == ["direction"])
    var training = InterventionTraining(
      setup, addresses, Adam<Float>([ParameterGroup(count: 1, rate: 0.1)]))
    let losses = (0..<20).map { _ in
      training.step(model, call) { result, tape in
        tape.crossEntropy(result.logits, labels: [4, 4, 4])
      }
    }
    #expect(losses[19] < 0.5 * losses[0])
    #expect(setup.interventions[0].parameters["direction"]?.elements.allSatisfy { $0 == 0 } == true)
  }
}
