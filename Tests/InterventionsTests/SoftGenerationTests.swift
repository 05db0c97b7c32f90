import Autodiff
import Inputs
import Interventions
import Models
import Tensors
import Testing
import _TestSupport

/// Models that run on their own soft output.
struct SoftGenerationTests {
  private let prompts = [[3, 1, 4], [2, 7, 1, 8, 2]]

  private func recurrent<Scalar: Real>(_: Scalar.Type) -> GRUModel<Scalar> {
    let shape = GRUShape(
      layers: 2, width: 6, bias: true, hasEmbeddings: true, vocabulary: 11, positionCount: 32,
      head: .languageModel(tied: false))
    var random = SeededRandom(seed: 8)
    let weights = shape.weights.map { weight in
      (weight.name, Variable(Tensor<Scalar>.normal(weight.size, using: &random)))
    }
    return GRUModel(shape, NamedWeights(weights))
  }

  @Test
  func `straight through and without noise it is greedy generation`() throws {
    let model = RunSupport.model(RunSupport.shapes[0])
    let setup = InterventionSetup<Float>(interventions: [], entries: [])
    let plain = InterventionCall<Float>(base: .tokens(prompts), places: [])
    let soft = try #require(SoftGeneration(model, setup))
    try soft.check(plain, count: 7)
    let found = soft(
      plain, count: 7, .init(temperature: 0.5, isStraightThrough: true), on: Tape())
    var choose = TokenChoice()
    let greedy = Generation(model, setup, passes: .init(actsOnPrompt: false))(plain, count: 7) {
      choose($0)
    }
    #expect(found.tokens == greedy.tokens)
    let cold = soft(plain, count: 7, .init(temperature: 1e-5), on: Tape())
    #expect(cold.tokens == greedy.tokens)
  }

  @Test
  func `a recurrent model's own output is its next input`() throws {
    let model = recurrent(Float.self)
    let setup = InterventionSetup<Float>(interventions: [], entries: [])
    let soft = try #require(SoftGeneration(model, setup))
    let found = soft(
      InterventionCall(base: .tokens(prompts), places: []), count: 6,
      .init(temperature: 1, isStraightThrough: true), on: Tape())
    var expected = prompts
    for _ in 0..<6 {
      let next = expected.map { tokens in
        let logits = model.run(.tokens([tokens]), on: Tape(), visit: nil).value
        let last = logits.rows(logits.rows - 1..<logits.rows).elements
        return last.firstIndex(of: last.max() ?? 0) ?? 0
      }
      for example in expected.indices { expected[example].append(next[example]) }
    }
    #expect(found.tokens == expected)
  }

  /// Holds the gradient of the last step's logits, with respect to a vector that is added at one
  /// position, to central differences.
  private func expectGradient(
    of model: any IntervenableModel<Double>, _ site: Site, _ unit: UnitAxis, at position: Int,
    soft: (InterventionSetup<Double>) throws -> SoftGeneration<Double>
  ) throws {
    let width = model.width(of: site)
    let learnt = try Expression<Double>(
      "base + push", trained: [("push", .free(Tensor(zeros: [width])))])
    let generation = try soft(
      try InterventionSetup([Representation(learnt, at: site, layer: 0, unit: unit)], in: model))
    let call = InterventionCall<Double>(
      base: .tokens(prompts), places: [.init(base: UnitPlaces(positions: .same([position])))])
    try generation.check(call, count: 5)
    var random = SeededRandom(seed: 5)
    let start = Tensor<Double>.normal([width], using: &random).scaled(by: 0.2)
    let noise = (0..<5).map { _ in Tensor<Double>.gumbelNoise([2, 11], using: &random) }
    _TestSupport.expectGradient(
      at: [start], tolerance: Tolerance(absolute: 1e-8, relative: 1e-5)
    ) { tape, leaves in
      var bound = BoundParameters<Double>()
      bound["push"] = leaves[0]
      let result = generation(
        call, count: 5, .init(temperature: 0.7, noise: noise), on: tape, parameters: [bound])
      return result.logits[4]
    }
    let tape = Tape<Double>()
    var bound = BoundParameters<Double>()
    bound["push"] = tape.leaf(start)
    let last = generation(
      call, count: 5, .init(temperature: 0.7, noise: noise), on: tape, parameters: [bound]
    ).logits[4]
    let gradient = tape.gradients(of: last, at: [bound["push"]])[0]
    #expect(gradient.elements.contains { abs($0) > 1e-6 })
  }

  /// Positions of the prompt, and of new tokens three steps before the last.
  @Test(arguments: [2, 4])
  func `gradients pass through every step of a decoder`(position: Int) throws {
    let model = DecoderModel<Double>.random(
      .gpt2(layers: 2, width: 8, heads: 2, vocabulary: 11, positions: 16))
    try expectGradient(of: model, .blockOutput, .position, at: position) {
      try #require(SoftGeneration(model, $0))
    }
  }

  @Test(arguments: [2, 4])
  func `gradients pass through every step of a recurrent model`(position: Int) throws {
    let model = recurrent(Double.self)
    try expectGradient(of: model, .cellOutput, .step, at: position) {
      try #require(SoftGeneration(model, $0))
    }
  }

  @Test
  func `joined units past the prompt are refused`() throws {
    let model = RunSupport.model(RunSupport.shapes[0])
    let rotated = RotatedSpace(RunSupport.rotation(2 * model.shape.width))
    let setup = try InterventionSetup<Float>(
      [Representation(rotated, at: .blockOutput, layer: 0)], in: model)
    let soft = try #require(SoftGeneration(model, setup))
    func call(_ positions: [Int]) -> InterventionCall<Float> {
      let places = UnitPlaces(positions: .same(positions))
      return InterventionCall(
        base: .tokens(prompts), sources: [.tokens(prompts)],
        places: [.init(source: UnitPlaces(positions: .same([0, 1])), base: places)])
    }
    #expect(throws: Never.self) { try soft.check(call([0, 2]), count: 4) }
    #expect(throws: Refusal.self) { try soft.check(call([2, 3]), count: 4) }
  }
}
