import Autodiff
import Foundation
import Inputs
import Models
import Randomness
import Tensors
import Testing
import _TestSupport

@testable import Interventions

/// Numbers that the reference's own tests state for its types: group C of the checklist.
struct ChecklistTypesTests {
  /// Two examples of three units of six coordinates, counted up.
  private let base = Tensor<Double>([6, 6], (0..<36).map(Double.init))
  private let source = Tensor<Double>([6, 6], (36..<72).map(Double.init))

  private func applied(
    _ intervention: any Intervention<Double>, base: Tensor<Double>, source: Tensor<Double>,
    _ coordinates: Coordinates = .all
  ) -> [Double] {
    let tape = Tape<Double>()
    let bound = intervention.prepare(
      intervention.parameters.bound(on: tape, asLeaves: false), on: tape)
    let input = InterventionInput(
      base: Variable(base), source: Variable(source), coordinates: coordinates)
    return intervention.apply(input, bound, on: tape).value.elements
  }

  /// The counted-up base with the source's numbers, 36 more, at some coordinates of each unit.
  private func swapped(_ coordinates: (_ unit: Int) -> [Int]) -> [Double] {
    (0..<36).map { Double($0) + (coordinates($0 / 6 % 3).contains($0 % 6) ? 36 : 0) }
  }

  @Test
  func `an exchange of the first two of six coordinates leaves four`() {
    #expect(
      applied(Vanilla(), base: base, source: source, .first(2, of: 6)) == swapped { _ in [0, 1] })
  }

  @Test
  func `each row of subspaces belongs to its vector`() {
    let rows = [[1, 0], [0, 1], [1, 2]]
    #expect(
      applied(Vanilla(), base: base, source: source, .perVector(rows + rows))
        == swapped { rows[$0] })
    let parts = [[2, 3, 0, 1], [0, 1, 2, 3], [2, 3, 4, 5]]
    #expect(
      applied(Vanilla(), base: base, source: source, .perVector(parts + parts))
        == swapped { parts[$0] })
    // What the reference does with its fast flag: the first row for all.
    #expect(
      applied(Vanilla(), base: base, source: source, .shared(parts[0]))
        == swapped { _ in [0, 1, 2, 3] })
  }

  @Test
  func `what is collected stands in the order that was asked for`() {
    let parts = [[2, 3, 0, 1], [0, 1, 2, 3], [2, 3, 4, 5]]
    #expect(
      applied(Collect(), base: base, source: source, .perVector(parts + parts)) == [
        2, 3, 0, 1, 6, 7, 8, 9, 14, 15, 16, 17, 20, 21, 18, 19, 24, 25, 26, 27, 32, 33, 34, 35,
      ])
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `an untrained boundless space moves 0...11 a quarter of the way to 12...23`(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    let boundless = BoundlessRotatedSpace<Double>(
      OrthogonalWeight(rows: 6, columns: 6, using: &random))
    let found = applied(
      boundless, base: Tensor([2, 6], (0..<12).map(Double.init)),
      source: Tensor([2, 6], (12..<24).map(Double.init)))
    #expect(found.map { $0.rounded(.down) } == (3..<15).map(Double.init))
  }

  @Test
  func `the boundary's sigmoids have the published values`() {
    let still = OrthogonalWeight<Double>(base: .identity(6), original: .identity(6).scaled(by: -1))
    let mask = applied(
      BoundlessRotatedSpace(
        still, boundary: Tensor([1], [0.5]), temperature: Tensor(scalar: 2)),
      base: Tensor(zeros: [1, 6]), source: Tensor(repeating: 1, [1, 6]))
    let expected = [0.4088, 0.4551, 0.4551, 0.4088, 0.3325, 0.2485]
    #expect(Tolerance(absolute: 5e-5, relative: 0).disagreement(mask, expected) == nil)
  }

  @Test
  func `a rotated space without subspaces is a whole exchange but for roundings`() {
    var random = SeededRandom(seed: 4)
    let rotated = RotatedSpace<Double>(OrthogonalWeight(rows: 6, columns: 6, using: &random))
    let found = applied(rotated, base: base, source: source)
    #expect(Tolerance(absolute: 1e-12, relative: 1e-12).disagreement(found, source.elements) == nil)
  }

  @Test
  func `subspaces of a low-rank space choose its directions`() {
    let columns = Tensor<Double>([6, 2], [-1, 0, 0, -1, 0, 0, 0, 0, 0, 0, 0, 0])
    let low = LowRankRotatedSpace<Double>(OrthogonalWeight(base: .identity(6), original: columns))
    #expect(low.coordinateCount(width: 6) == 2)
    #expect(applied(low, base: base, source: source) == swapped { _ in [0, 1] })
    #expect(applied(low, base: base, source: source, .shared([1])) == swapped { _ in [1] })
    let own = Coordinates.perVector([[0], [1], [0, 1], [0], [1], [0, 1]])
    #expect(applied(low, base: base, source: source, own) == swapped { [[0], [1], [0, 1]][$0] })
  }

  @Test
  func `of more latents than elements as many are exchanged as there are elements`() throws {
    let folder = try SpecFolder()
    func logits(_ more: String, latents: Int = 17) throws -> [Float]? {
      let parameters = ["W_enc": [12, latents], "W_dec": [latents, 12], "threshold": [latents]]
        .merging(["b_enc": [latents], "b_dec": [12]]) { own, _ in own }
      let names = parameters.keys.sorted().map { "\"\($0)\": \"\($0)\"" }
      return try folder.run(
        SpecFolder.forward(
          representation: #""layer": 1, "low_rank_dimension": \#(latents), "#
            + #""params": {\#(names.joined(separator: ", "))}\#(more)"#,
          type: "JumpReLUAutoencoderIntervention"), tensors: parameters)()
        .floats("intervened.logits")?.elements
    }
    let usual = try logits("")
    #expect(try usual == logits(#", "interchange_dim": 12"#))
    #expect(try usual != logits(#", "interchange_dim": 17"#))
    #expect(try logits("", latents: 9) == logits(#", "interchange_dim": 9"#, latents: 9))
  }

  @Test
  func `a latent at its threshold is off`() {
    let jump = JumpReLUAutoencoder<Double>(
      encoder: (.identity(2), Tensor(zeros: [2])), decoder: (.identity(2), Tensor(zeros: [2])),
      threshold: Tensor([2], [1, 1]))
    let x = Tensor<Double>([1, 2], [1, 1.5])
    #expect(applied(jump, base: x, source: x) == [0, 1.5])
  }

  @Test
  func `a sparse autoencoder that keeps its error changes only what is exchanged`() {
    let jump = JumpReLUAutoencoder<Double>(
      encoder: (.identity(2), Tensor(zeros: [2])), decoder: (.identity(2), Tensor(zeros: [2])),
      threshold: Tensor([2], [1, 1]), keepsError: true)
    let (x, other) = (Tensor<Double>([1, 2], [0.5, 1.5]), Tensor<Double>([1, 2], [4, 5]))
    #expect(applied(jump, base: x, source: x) == [0.5, 1.5])
    #expect(applied(jump, base: x, source: other, .shared([0])) == [4.5, 1.5])
    #expect(applied(jump, base: x, source: other, .shared([1])) == [0.5, 5])
  }

  @Test
  func `a specification says that the error is kept, and so does a folder of our own`() throws {
    let folder = try SpecFolder()
    func text(_ keeps: Bool) -> String {
      SpecFolder.forward(
        representation: """
          "layer": 1, "component": "block_output", "low_rank_dimension": 5,
          "args": {"keep_error": \(keeps)}
          """, type: "JumpReLUAutoencoderIntervention")
    }
    // Without weights no latent is ever on: all is error.
    let kept = try folder.run(text(true))()
    let plain = kept.floats("original.logits")?.elements
    #expect(kept.floats("intervened.logits")?.elements == plain)
    let lost = try folder.run(text(false))()
    #expect(lost.floats("intervened.logits")?.elements != plain)
    let path = folder.root.appendingPathComponent("saved").path
    #expect(throws: Never.self) { try folder.run(text(false), saveTo: path)() }
    // A folder of the reference has no word for it, so that one of our own is written.
    let own = folder.root.appendingPathComponent("own").path
    _ = try folder.run(text(true), saveTo: own)()
    let again = try folder.run(
      """
      {"model": "tiny", "saved_directory": "own", "base": {"input_ids": [[1, 2, 3, 9]]},
       "sources": [{"input_ids": [[4, 5, 6, 7]]}], "unit_locations": {"sources->base": 2}}
      """)()
    #expect(again.floats("intervened.logits")?.elements == plain)
  }

  @Test
  func `trained numbers are counted as the reference counts them`() {
    func count(_ intervention: any Intervention<Float>) -> Int {
      intervention.parameters.entries.filter(\.isTrained).reduce(0) { $0 + $1.value.count }
    }
    func zeros(_ width: Int) -> OrthogonalWeight<Float> {
      OrthogonalWeight(
        base: Tensor(zeros: [width, width]), original: Tensor(zeros: [width, width]))
    }
    #expect(count(RotatedSpace(zeros(16))) == 256)
    #expect(count(RotatedSpace(zeros(768))) == 589_824)
    #expect(count(BoundlessRotatedSpace(zeros(4096))) == 16_777_218)
  }

  @Test
  func `a temperature reaches every annealed type, a boundary is set by its name`() throws {
    let model = RunSupport.model(RunSupport.shapes[0])
    let rotation = RunSupport.rotation(32)
    let setup = try InterventionSetup<Float>(
      [
        Representation(BoundlessRotatedSpace(rotation), at: .blockOutput, layer: 0),
        Representation(SigmoidMaskRotatedSpace(rotation), at: .blockOutput, layer: 1),
        Representation(SigmoidMask(mask: Tensor(zeros: [32])), at: .blockOutput, layer: 2),
        Representation(Zero(), at: .blockOutput, layer: 3),
      ], in: model)
    let addresses = InterventionTraining.addresses(in: setup)
    // A mask's temperature takes no gradient; the others' do.
    #expect(addresses.filter { $0.name == "temperature" }.map(\.intervention) == [0, 1])
    var training = InterventionTraining(
      setup, addresses, Adam<Float>([ParameterGroup(count: addresses.count, rate: 0.1)]))
    training.setTemperature(0.25)
    let after = training.setup.interventions.map { $0.parameters["temperature"]?.elements }
    #expect(after == [[0.25], [0.25], [0.25], nil])
    #expect(setup.interventions[0].parameters["temperature"]?.elements == [50])

    var boundless = BoundlessRotatedSpace(rotation)
    boundless.parameters["intervention_boundaries"] = Tensor([1], [0.125])
    #expect(boundless.parameters["intervention_boundaries"]?.elements == [0.125])
  }

  @Test
  func `noise has any number of positions, seed and level`() throws {
    let folder = try SpecFolder()
    func seen(_ noise: String) throws -> [Float] {
      let outputs = try folder.run(
        """
        {"model": "tiny", "base": {"input_ids": [[1, 2, 3, 9], [4, 5, 6, 7]]},
         "representations": [\(noise)
           {"component": "mlp_output", "intervention_type": "CollectIntervention"}],
         "unit_locations": {"base": \(noise.isEmpty ? "[3, 1]" : "[[[3, 1]], [[3, 1]]]")}}
        """)()
      let (shape, elements) = try #require(outputs.floats("collected.0"))
      #expect(shape == [2, 2, 12])
      return elements
    }
    let plain = try seen("")
    let noisy = try seen(
      """
      {"component": "mlp_output", "intervention_type": "NoiseIntervention",
       "args": {"seed": 3, "level": 0.5}},
      """)
    var draws = NumPyRandomState(seed: 3)
    let noise = (0..<24).map { _ in Float(draws.normal()) }
    let expected = plain.enumerated().map { $1 + 0.5 * noise[$0 % 24] }
    #expect(Tolerance(absolute: 1e-6, relative: 1e-6).disagreement(noisy, expected) == nil)
  }
}

extension Tensor {
  fileprivate static func identity(_ width: Int) -> Tensor {
    Tensor([width, width], (0..<width * width).map { $0 % (width + 1) == 0 ? 1 : 0 })
  }
}
