import Autodiff
import Interventions
import Tensors
import Testing
import _TestSupport

/// Gradients of every type, through base, source and parameters, against central differences.
struct PrimitiveGradientTests {
  static let width = 5

  private static func random(_ shape: [Int], seed: UInt64) -> Tensor<Double> {
    var random = SeededRandom(seed: seed)
    return .normal(shape, using: &random)
  }

  private static func rotation(rank: Int) -> OrthogonalWeight<Double> {
    var random = SeededRandom(seed: 2)
    return OrthogonalWeight(rows: width, columns: rank, using: &random)
  }

  static let cases: [@Sendable () throws -> any Intervention<Double>] = [
    { Vanilla() }, { Zero() }, { Addition() }, { Subtraction() }, { Collect() }, { Skip() },
    { Noise(level: 0.3) }, { Scale(factor: 1.5) }, { Interpolate(alpha: 0.2) }, { Multiply() },
    { RotatedSpace(rotation(rank: width)) },
    { LowRankRotatedSpace(rotation(rank: 4)) },
    {
      PCARotatedSpace(
        components: random([4, width], seed: 1), mean: random([width], seed: 2),
        deviation: Tensor([width], [1, 2, 0.5, 1.5, 3]))
    },
    {
      Autoencoder(
        encoder: (random([7, width], seed: 4), random([7], seed: 5)),
        decoder: (random([width, 7], seed: 6), random([width], seed: 7)))
    },
    {
      JumpReLUAutoencoder(
        encoder: (random([width, 7], seed: 4), random([7], seed: 5)),
        decoder: (random([7, width], seed: 6), random([width], seed: 7)),
        threshold: Tensor(repeating: 0.1, [7]))
    },
    {
      try Expression(
        "base * m + sigmoid(source @ R) @ R.T / 2 - c",
        constants: ["c": random([width], seed: 9)],
        trained: [
          ("m", .free(random([width], seed: 8))), ("R", .orthogonal(rotation(rank: 3))),
        ])
    },
  ]

  /// Types that choose their coordinates by themselves.
  static let masked: [@Sendable () throws -> any Intervention<Double>] = [
    {
      BoundlessRotatedSpace(
        rotation(rank: width), boundary: Tensor([1], [0.4]), temperature: Tensor(scalar: 1.5))
    },
    { SigmoidMask(mask: random([width], seed: 3), temperature: Tensor(scalar: 0.7)) },
    {
      SigmoidMaskRotatedSpace(
        rotation(rank: width), masks: random([width], seed: 3), temperature: Tensor(scalar: 2))
    },
  ]

  private func check(_ intervention: any Intervention<Double>, _ coordinates: Coordinates) {
    let trained = intervention.parameters.entries.filter(\.isTrained)
    let inputs =
      [Self.random([2, Self.width], seed: 20), Self.random([2, Self.width], seed: 21)]
      + trained.map { entry in
        guard entry.name.hasSuffix("original") else { return entry.value }
        return Self.random(entry.value.shape, seed: 22).scaled(by: 0.3)
      }
    expectGradient(
      at: inputs, step: 1e-6, tolerance: Tolerance(absolute: 2e-7, relative: 1e-5)
    ) { tape, variables in
      var bound = intervention.parameters.bound(on: tape, asLeaves: false)
      for (entry, variable) in zip(trained, variables.dropFirst(2)) {
        bound[entry.name] =
          entry.name.hasSuffix("original") ? Self.angles(variable, on: tape) : variable
      }
      let input = InterventionInput(
        base: variables[0], source: variables[1], coordinates: coordinates)
      return intervention.apply(input, intervention.prepare(bound, on: tape), on: tape)
    }
  }

  /// The diagonal of a rotation's angles stands for signs: it is -1 and takes no step.
  private static func angles(
    _ x: Variable<Double>, on tape: Tape<Double>
  ) -> Variable<Double> {
    let places = 0..<x.value.count
    let columns = x.shape[1]
    let diagonal = places.map { $0 / columns == $0 % columns ? 1.0 : 0 }
    let off = Variable(Tensor(x.shape, diagonal.map { 1 - $0 }))
    return tape.subtract(tape.multiply(x, off), Variable(Tensor(x.shape, diagonal)))
  }

  @Test(arguments: cases.indices)
  func `gradients agree with central differences`(index: Int) throws {
    let intervention = try Self.cases[index]()
    check(intervention, .all)
    check(intervention, .shared([3, 0]))
    check(intervention, .perVector([[1, 2], [3, 0]]))
  }

  @Test(arguments: masked.indices)
  func `gradients of masks agree with central differences`(index: Int) throws {
    check(try Self.masked[index](), .all)
  }
}
