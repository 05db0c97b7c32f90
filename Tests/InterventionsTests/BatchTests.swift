import Autodiff
import Interventions
import Models
import Tensors
import Testing
import _TestSupport

/// Examples of a batch do not see each other, however their places are written.
struct BatchTests {
  private let shape = RunSupport.shapes[1]

  private func logits(
    _ representations: [Representation<Float>], base: [[Int]], source: [[Int]],
    _ places: [InterventionCall<Float>.Places]
  ) throws -> [Float] {
    let model = RunSupport.model(shape)
    let setup = try InterventionSetup(representations, in: model)
    let call = InterventionCall<Float>(
      base: .tokens(base), sources: Array(repeating: .tokens(source), count: setup.groupCount),
      places: places)
    let run = InterventionRun(model, setup)
    try run.check(call)
    return run(call, on: Tape()).logits.value.elements
  }

  @Test
  func `a batch gives the bits of its examples alone`() throws {
    let one = [
      Representation<Float>(Addition(), at: .headQueryOutput, layer: 1, unit: .headPosition),
      Representation<Float>(
        RotatedSpace(RunSupport.rotation(2 * shape.width)), at: .blockOutput, layer: 2),
    ]
    let heads = [[3, 0], [2, 5], [1, 4]]
    let positions = [[1, 4], [6, 2], [0, 2]]
    let subspaces = [[0, 7, 8], [50], [2, 3, 60, 90]]
    func places(_ examples: [Int]) -> [InterventionCall<Float>.Places] {
      let pairs = UnitPlaces(
        blocks: .each(examples.map { heads[$0] }), positions: .each(examples.map { positions[$0] }))
      let rows = UnitPlaces(positions: .each(examples.map { positions[$0] }))
      return [
        .init(source: pairs, base: pairs),
        .init(
          source: rows, base: rows, coordinates: .perVector(examples.map { subspaces[$0] })),
      ]
    }
    let together = try logits(
      one, base: RunSupport.base, source: RunSupport.source, places([0, 1, 2]))
    let alone = try (0..<3).flatMap { example in
      try logits(
        one, base: [RunSupport.base[example]], source: [RunSupport.source[example]],
        places([example]))
    }
    #expect(together == alone)
  }

  @Test
  func `places written once or for each example give the same bits`() throws {
    let one = [Representation<Float>(Vanilla(), at: .headKeyOutput, layer: 1, unit: .headPosition)]
    let shared = UnitPlaces(blocks: .same([1]), positions: .same([2, 0]))
    let each = UnitPlaces(
      blocks: .each([[1], [1], [1]]), positions: .each([[2, 0], [2, 0], [2, 0]]))
    func run(_ places: UnitPlaces, _ coordinates: Coordinates) throws -> [Float] {
      try logits(
        one, base: RunSupport.base, source: RunSupport.source,
        [.init(source: places, base: places, coordinates: coordinates)])
    }
    let first = try run(shared, .shared([3, 1]))
    #expect(try first == run(each, .perVector([[3, 1], [3, 1], [3, 1]])))
    #expect(try first != run(shared, .shared([3, 2])))
  }

  @Test
  func `of a place named twice the last unit stays`() throws {
    let one = [Representation<Float>(Vanilla(), at: .blockOutput, layer: 1)]
    func run(_ from: [Int], _ to: [Int]) throws -> [Float] {
      try logits(
        one, base: RunSupport.base, source: RunSupport.source,
        [.init(source: UnitPlaces(positions: .same(from)), base: UnitPlaces(positions: .same(to)))])
    }
    #expect(try run([0, 2], [1, 1]) == run([2], [1]))
  }

  @Test
  func `linked interventions at one place compose whatever their order`() throws {
    let rotation = RotatedSpace(RunSupport.rotation(shape.width))
    let pair = [
      Representation<Float>(rotation, at: .blockOutput, layer: 1, link: "a"),
      Representation<Float>(rotation, at: .blockOutput, layer: 1, link: "a"),
    ]
    let rows = UnitPlaces(positions: .each([[3], [1], [2]]))
    func run(_ first: [Int], _ second: [Int]) throws -> [Float] {
      try logits(
        pair, base: RunSupport.base, source: RunSupport.source,
        [
          .init(source: rows, base: rows, coordinates: .shared(first)),
          .init(source: rows, base: rows, coordinates: .shared(second)),
        ])
    }
    let (a, b) = (Array(0..<20), Array(20..<48))
    let tolerance = Tolerance(absolute: 1e-5, relative: 1e-4)
    #expect(try tolerance.disagreement(run(a, b), run(b, a)) == nil)
  }
}
