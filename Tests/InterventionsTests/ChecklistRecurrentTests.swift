import Autodiff
import Inputs
import Interventions
import Models
import Tensors
import Testing
import _TestSupport

/// Time steps as units: group I of the checklist.
struct ChecklistRecurrentTests {
  typealias Places = InterventionCall<Float>.Places

  private let base = [[1, 2, 3, 4, 5, 6], [7, 8, 9], [3, 3, 3, 3]]
  private let source = [[10, 9, 8, 7, 6, 5], [4, 3, 2], [0, 1, 0, 1]]

  private func model(_ head: GRUShape.Head) -> GRUModel<Float> {
    let shape = GRUShape(
      layers: 2, width: 6, bias: true, hasEmbeddings: true, vocabulary: 11, positionCount: 32,
      head: head)
    var random = SeededRandom(seed: 8)
    let weights = shape.weights.map { weight in
      (weight.name, Variable(Tensor<Float>.normal(weight.size, using: &random)))
    }
    return GRUModel(shape, NamedWeights(weights))
  }

  private func run(
    _ model: GRUModel<Float>, _ representations: [Representation<Float>], _ places: [Places],
    base: [[Int]], source: [[Int]]
  ) throws -> InterventionRun<Float>.Result {
    let setup = try InterventionSetup(representations, in: model)
    let call = InterventionCall<Float>(
      base: .tokens(base), sources: Array(repeating: .tokens(source), count: setup.groupCount),
      places: places)
    let run = InterventionRun(model, setup)
    try run.check(call)
    return run(call, on: Tape())
  }

  private func steps(_ lists: [[Int]]) -> UnitPlaces { UnitPlaces(positions: .each(lists)) }

  @Test(arguments: [
    (Site.resetX2HOutput, Site.x2hOutput), (.updateH2HOutput, .h2hOutput),
    (.newX2HOutput, .x2hOutput),
  ])
  func `changes of a third and of the whole act in the order of their list`(
    third: Site, whole: Site
  ) throws {
    let model = model(.languageModel(tied: false))
    var random = SeededRandom(seed: 2)
    let push = Tensor<Float>.normal([6], using: &random)
    let add = Representation<Float>(Addition(), at: third, layer: 0, unit: .step)
    let double = Representation<Float>(Scale(factor: 2), at: whole, layer: 0, unit: .step)
    let look = Representation<Float>(Collect(), at: whole, layer: 0, unit: .step)
    let at = steps([[0, 4], [2, 1], [3, 0]])
    let still = Places(base: at)
    func moved(_ factor: Float) -> Places {
      Places(base: at, given: .init(push.scaled(by: factor)))
    }
    let thirdFirst = try run(
      model, [add, double, look], [moved(1), still, still], base: base, source: source)
    let wholeFirst = try run(
      model, [double, add, look], [still, moved(2), still], base: base, source: source)
    let unchanged = try run(model, [double, look], [still, still], base: base, source: source)
    #expect(thirdFirst.logits.value.elements == wholeFirst.logits.value.elements)
    let seen = thirdFirst.collected[0].value.elements
    #expect(seen == wholeFirst.collected[0].value.elements)
    #expect(seen != unchanged.collected[0].value.elements)
  }

  static let heads: [GRUShape.Head] = [
    .classifier(classes: 4), .languageModel(tied: false),
  ]

  @Test(arguments: heads, [Site.cellOutput, .updateGateOutput, .newX2HOutput])
  func `steps of the source go to steps of the base, each example by itself`(
    head: GRUShape.Head, site: Site
  ) throws {
    let model = model(head)
    let one = [Representation<Float>(Vanilla(), at: site, layer: 0, unit: .step)]
    let (from, to) = ([[0, 4], [2, 1], [3, 0]], [[1, 3], [0, 1], [2, 3]])
    let together = try run(
      model, one, [Places(source: steps(from), base: steps(to))], base: base, source: source
    ).logits.value.elements
    let alone = try base.indices.flatMap { example in
      try run(
        model, one, [Places(source: steps([from[example]]), base: steps([to[example]]))],
        base: [base[example]], source: [source[example]]
      ).logits.value.elements
    }
    #expect(together == alone)
    #expect(together != model.run(.tokens(base), on: Tape(), visit: nil).value.elements)
  }

  @Test
  func `a whole state put in at a step makes what came before it not matter`() throws {
    let model = model(.classifier(classes: 4))
    // Both cells' states are replaced, so nothing of the earlier steps is left.
    let both = (0..<2).map {
      Representation<Float>(Vanilla(), at: .cellOutput, layer: $0, unit: .step)
    }
    func scores(_ from: [Int], _ to: [Int]) throws -> [Float] {
      let places = Places(source: steps([from]), base: steps([to]))
      return try run(
        model, both, [places, places], base: [base[0]], source: [source[0]]
      ).logits.value.elements
    }
    #expect(try scores([0, 2, 4], [0, 3, 4]) == scores([4], [4]))
    #expect(try scores([4], [4]) != scores([3], [4]))
  }

  @Test
  func `zero at a step leaves the other steps' states to what follows from it`() throws {
    let model = model(.languageModel(tied: false))
    let found = try run(
      model,
      [
        Representation(Zero(), at: .cellOutput, layer: 1, unit: .step),
        Representation(Collect(), at: .cellOutput, layer: 1, unit: .step),
      ],
      [Places(base: steps([[3], [1], [2]])), Places(base: steps([[2, 3], [0, 1], [1, 2]]))],
      base: base, source: source
    ).collected[0].value
    let plain = try run(
      model, [Representation(Collect(), at: .cellOutput, layer: 1, unit: .step)],
      [Places(base: steps([[2, 3], [0, 1], [1, 2]]))], base: base, source: source
    ).collected[0].value
    #expect(found.shape == [3, 2, 6])
    for example in 0..<3 {
      let (before, at) = (example * 12..<example * 12 + 6, example * 12 + 6..<example * 12 + 12)
      #expect(Array(found.elements[before]) == Array(plain.elements[before]))
      #expect(found.elements[at].allSatisfy { $0 == 0 })
      #expect(plain.elements[at].contains { $0 != 0 })
    }
  }

  @Test
  func `given values at time steps are as good as a source`() throws {
    let model = model(.classifier(classes: 4))
    let (from, to) = (steps([[0, 4], [2, 1], [3, 0]]), steps([[1, 3], [0, 1], [2, 3]]))
    let one = [Representation<Float>(Vanilla(), at: .cellOutput, layer: 1, unit: .step)]
    let seen = try run(
      model, [Representation(Collect(), at: .cellOutput, layer: 1, unit: .step)],
      [Places(base: from)], base: source, source: source
    ).collected[0].value
    let given = try run(
      model, one, [Places(base: to, given: .init(seen))], base: base, source: source)
    let swapped = try run(
      model, one, [Places(source: from, base: to)], base: base, source: source)
    #expect(given.logits.value.elements == swapped.logits.value.elements)
  }
}
