import Autodiff
import Foundation
import Inputs
import Interventions
import Tensors
import Testing
import _TestSupport

/// Each type against its formula, written out.
struct PrimitiveTests {
  private let base = Tensor<Double>([2, 3], [1, -2, 3, 0.5, 4, -1])
  private let source = Tensor<Double>([2, 3], [10, 20, 30, 40, 50, 60])

  private func applied(
    _ intervention: any Intervention<Double>, _ coordinates: Coordinates = .all
  ) -> [Double] {
    let tape = Tape<Double>()
    let bound = intervention.prepare(
      intervention.parameters.bound(on: tape, asLeaves: false), on: tape)
    let input = InterventionInput(
      base: Variable(base), source: Variable(source), coordinates: coordinates)
    return intervention.apply(input, bound, on: tape).value.elements
  }

  @Test
  func `exchanges touch the chosen coordinates only`() {
    let chosen = Coordinates.shared([2, 0])
    #expect(applied(Vanilla(), chosen) == [10, -2, 30, 40, 4, 60])
    #expect(applied(Zero(), chosen) == [0, -2, 0, 0, 4, 0])
    #expect(applied(Addition(), chosen) == [11, -2, 33, 40.5, 4, 59])
    #expect(applied(Subtraction(), chosen) == [-9, -2, -27, -39.5, 4, -61])
    #expect(applied(Noise(level: 0.5), chosen) == [6, -2, 18, 20.5, 4, 29])
    #expect(applied(Scale(factor: -2), chosen) == [-2, -2, -6, -1, 4, 2])
    #expect(applied(Interpolate(alpha: 0.5), chosen) == [5.5, -2, 16.5, 20.25, 4, 29.5])
    #expect(applied(Multiply(), chosen) == [10, -2, 90, 20, 4, -60])
    #expect(applied(Skip(), chosen) == [10, -2, 30, 40, 4, 60])
    #expect(applied(Collect(), chosen) == [3, 1, -1, 0.5])
  }

  @Test
  func `each vector can have coordinates of its own`() {
    let chosen = Coordinates.perVector([[1], [0, 2]])
    #expect(applied(Vanilla(), chosen) == [1, 20, 3, 40, 4, 60])
    #expect(applied(Zero(), .perVector([[], [1]])) == [1, -2, 3, 0.5, 0, -1])
  }

  @Test
  func `a rotated space exchanges the turned coordinates`() {
    // A quarter turn of the first two axes: the first turned coordinate is the second axis.
    let base = Tensor<Double>([3, 3], [0, -1, 0, 1, 0, 0, 0, 0, 1])
    let still = Tensor<Double>([3, 3], [-1, 0, 0, 0, -1, 0, 0, 0, -1])
    let rotated = RotatedSpace(OrthogonalWeight(base: base, original: still))
    #expect(applied(rotated, .shared([0])) == [1, 20, 3, 0.5, 50, -1])
    #expect(applied(rotated) == source.elements)
    let column = OrthogonalWeight<Double>(
      base: base, original: Tensor([3, 1], [-1, 0, 0]))
    #expect(applied(LowRankRotatedSpace(column)) == [1, 20, 3, 0.5, 50, -1])
  }

  @Test
  func `a boundless space and masks mix by their sigmoids`() throws {
    func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
    let identity = OrthogonalWeight<Double>(
      base: Tensor([3, 3], [1, 0, 0, 0, 1, 0, 0, 0, 1]),
      original: Tensor([3, 3], [-1, 0, 0, 0, -1, 0, 0, 0, -1]))
    let (b, s) = (base.elements, source.elements)
    func mixed(_ mask: [Double]) -> [Double] {
      b.indices.map { b[$0] + mask[$0 % 3] * (s[$0] - b[$0]) }
    }
    func expectNear(_ found: [Double], _ expected: [Double]) {
      #expect(Tolerance(absolute: 1e-12, relative: 1e-12).disagreement(found, expected) == nil)
    }
    let boundless = BoundlessRotatedSpace<Double>(
      identity, boundary: Tensor([1], [0.6]), temperature: Tensor(scalar: 2))
    expectNear(
      applied(boundless),
      mixed((0..<3).map { sigmoid(Double($0) / 2) * sigmoid((0.6 * 3 - Double($0)) / 2) }))
    let past = BoundlessRotatedSpace<Double>(
      identity, boundary: Tensor([1], [7]), temperature: Tensor(scalar: 2))
    expectNear(
      applied(past), mixed((0..<3).map { sigmoid(Double($0) / 2) * sigmoid((3 - Double($0)) / 2) })
    )
    let masks = Tensor<Double>([3], [1, -3, 0])
    let weights = [1.0, -3, 0].map { sigmoid($0 / 0.5) }
    expectNear(applied(SigmoidMask(mask: masks, temperature: Tensor(scalar: 0.5))), mixed(weights))
    expectNear(
      applied(SigmoidMaskRotatedSpace(identity, masks: masks, temperature: Tensor(scalar: 0.5))),
      mixed(weights))
  }

  @Test
  func `principal components lose what they do not span`() {
    let pca = PCARotatedSpace<Double>(
      components: Tensor([2, 3], [1, 0, 0, 0, 0, 1]), mean: Tensor([3], [1, 1, 1]),
      deviation: Tensor([3], [2, 2, 2]))
    #expect(applied(pca, .shared([1])) == [1, 1, 30, 0.5, 1, 60])
  }

  @Test
  func `autoencoders exchange latents and decode them alone`() {
    let identity = Tensor<Double>([3, 3], [1, 0, 0, 0, 1, 0, 0, 0, 1])
    let zeros = Tensor<Double>(zeros: [3])
    let plain = Autoencoder(encoder: (identity, zeros), decoder: (identity, zeros))
    #expect(applied(plain, .shared([1])) == [1, 20, 3, 0.5, 50, 0])
    let jump = JumpReLUAutoencoder(
      encoder: (identity, zeros), decoder: (identity, zeros),
      threshold: Tensor([3], [0.5, 2, 3]))
    #expect(applied(jump, .shared([1])) == [1, 20, 0, 0, 50, 0])
  }

  @Test
  func `a rotation refuses vectors of another width`() {
    let rotated = RotatedSpace(RunSupport.rotation(6))
    #expect(throws: Never.self) { try rotated.check(width: 6) }
    #expect {
      try rotated.check(width: 12)
    } throws: {
      "\($0)".contains("a rotation of width 6") && "\($0)".contains("expected 12")
    }
  }
}
