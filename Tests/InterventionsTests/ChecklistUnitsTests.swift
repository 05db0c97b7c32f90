import Autodiff
import Inputs
import Models
import Tensors
import Testing
import _TestSupport

@testable import Interventions

/// Taking units and putting them back, number by number: group D of the checklist.
struct ChecklistUnitsTests {
  /// `examples` of `length` positions, counted up; a row holds `blocks` of `width`.
  private func counted(_ examples: Int, _ length: Int, _ blocks: Int, _ width: Int) -> Tensor<Float>
  {
    let count = examples * length * blocks * width
    return Tensor([examples * length, blocks * width], (0..<count).map(Float.init))
  }

  private func taken(
    _ value: Tensor<Float>, lengths: [Int], _ grid: UnitGrid, _ places: UnitPlaces
  ) -> [Float] {
    let tape = Tape<Float>()
    let collector = UnitCollector<Float>()
    let action = EntryAction<Float>(
      intervention: Collect(), parameters: BoundParameters(), grid: grid, places: places,
      coordinates: .all, source: nil, lengths: lengths, collector: collector)
    let after = action(visited(value, lengths), on: tape)
    #expect(after.value.elements == value.elements, "looking changes nothing")
    return collector.assembled(on: tape).value.elements
  }

  private func put(
    _ units: Tensor<Float>, into value: Tensor<Float>, lengths: [Int], _ grid: UnitGrid,
    _ places: UnitPlaces
  ) -> [Float] {
    EntryAction<Float>(
      intervention: Vanilla(), parameters: BoundParameters(), grid: grid, places: places,
      coordinates: .all, source: Variable(units), lengths: lengths, collector: nil)(
        visited(value, lengths), on: Tape()
      ).value.elements
  }

  private func visited(_ value: Tensor<Float>, _ lengths: [Int]) -> SiteValue<Float> {
    SiteValue(
      site: .mlpOutput, layer: 0, value: Variable(value),
      places: RowPlaces(Batch(lengths: lengths)))
  }

  private let rows = UnitGrid(axis: .position, blockCount: 1, blockWidth: 6)

  @Test
  func `positions are taken in the order named, twice if named twice`() {
    let grid = UnitGrid(axis: .position, blockCount: 1, blockWidth: 2)
    let value = counted(5, 3, 1, 2)
    let first = taken(
      value, lengths: [3, 3, 3, 3, 3], grid, UnitPlaces(positions: .same([0, 1])))
    #expect(first == (0..<5).flatMap { e in (0..<4).map { Float(e * 6 + $0) } })
    let mixed = taken(
      value, lengths: [3, 3, 3, 3, 3], grid, UnitPlaces(positions: .same([2, 0, 2])))
    #expect(mixed == (0..<5).flatMap { e in [4, 5, 0, 1, 4, 5].map { Float(e * 6 + $0) } })
  }

  @Test
  func `heads at positions are every listed head at every listed position`() {
    let grid = UnitGrid(axis: .headPosition, blockCount: 4, blockWidth: 2)
    let found = taken(
      counted(5, 3, 4, 2), lengths: [3, 3, 3, 3, 3], grid,
      UnitPlaces(blocks: .same([1, 2]), positions: .same([0, 1])))
    var expected: [Float] = []
    for example in 0..<5 {
      for head in 1...2 {
        for position in 0...1 {
          for d in 0..<2 { expected.append(Float(((example * 3 + position) * 4 + head) * 2 + d)) }
        }
      }
    }
    #expect(found == expected)
  }

  @Test
  func `heads without positions are at every position, in examples of any length`() {
    let grid = UnitGrid(axis: .head, blockCount: 2, blockWidth: 1)
    let value = Tensor<Float>([3, 2], [0, 1, 2, 3, 4, 5])
    let found = taken(value, lengths: [1, 2], grid, UnitPlaces(blocks: .same([1])))
    #expect(found == [1, 3, 5])
  }

  @Test
  func `rows are put at each example's positions`() {
    let value = counted(2, 5, 1, 6)
    let units = Tensor<Float>([4, 6], (0..<24).map { -1 - Float($0) })
    for each in [[[1, 2], [1, 2]], [[1, 2], [0, 1]]] {
      let found = put(
        units, into: value, lengths: [5, 5], rows, UnitPlaces(positions: .each(each)))
      var expected = value.elements
      for example in 0..<2 {
        for (n, position) in each[example].enumerated() {
          for d in 0..<6 {
            expected[(example * 5 + position) * 6 + d] = -1 - Float((example * 2 + n) * 6 + d)
          }
        }
      }
      #expect(found == expected)
    }
  }

  @Test
  func `heads are put at positions and leave the other heads as they are`() {
    let grid = UnitGrid(axis: .headPosition, blockCount: 3, blockWidth: 2)
    let value = counted(2, 5, 3, 2)
    let units = Tensor<Float>([8, 2], (0..<16).map { -1 - Float($0) })
    let found = put(
      units, into: value, lengths: [5, 5], grid,
      UnitPlaces(blocks: .same([1, 2]), positions: .same([0, 1])))
    var expected = value.elements
    var next: Float = -1
    for example in 0..<2 {
      for head in 1...2 {
        for position in 0...1 {
          for d in 0..<2 {
            expected[((example * 5 + position) * 3 + head) * 2 + d] = next
            next -= 1
          }
        }
      }
    }
    #expect(found == expected)
  }

  @Test
  func `heads are put at all positions`() {
    let grid = UnitGrid(axis: .head, blockCount: 3, blockWidth: 2)
    let value = counted(2, 2, 3, 2)
    let units = Tensor<Float>(repeating: -1, [8, 2])
    let found = put(
      units, into: value, lengths: [2, 2], grid, UnitPlaces(blocks: .same([1, 2])))
    #expect(found == value.elements.enumerated().map { $0 % 6 < 2 ? $1 : -1 })
  }

  @Test(arguments: RunSupport.shapes)
  func `without places a site is taken whole, in its own heads and of its own width`(
    shape: DecoderShape
  ) throws {
    let model = RunSupport.model(shape)
    let setup = try InterventionSetup<Float>(
      [
        Representation(Collect(), at: .queryOutput, layer: 1),
        Representation(Collect(), at: .headKeyOutput, layer: 1, unit: .headPosition),
        Representation(Collect(), at: .headQueryOutput, layer: 1, unit: .head),
      ], in: model)
    let call = InterventionCall<Float>(
      base: .tokens([[1, 2, 3], [4, 5, 6]]), places: setup.entries.map { _ in .init(base: .whole) })
    let run = InterventionRun(model, setup)
    try run.check(call)
    let shapes = run(call, on: Tape()).collected.map(\.value.shape)
    let d = shape.headWidth
    #expect(
      shapes == [
        [2, 3, shape.heads * d], [2, shape.keyHeads, 3, d], [2, shape.heads, 3, d],
      ])
  }

  @Test
  func `heads may be wider than the stream divided by them`() throws {
    let norm = NormShape.rms(epsilon: 1e-5)
    let block = BlockShape(
      norm: norm,
      attention: AttentionShape(
        heads: 4, keyHeads: 2, headWidth: 10, scale: 0.3,
        rotary: RotaryShape(frequencies: (0..<5).map { 1 / Float(1 + 10 * $0) })),
      mlp: FeedForwardShape(width: 32, .gated(.silu)))
    let shape = DecoderShape(
      width: 24, vocabulary: 20, positionCount: 32, blocks: [block, block], finalNorm: norm,
      head: DecoderShape.Head(isTied: false))
    let model = DecoderModel<Float>.random(shape)
    let setup = try InterventionSetup<Float>(
      [Representation(Collect(), at: .headQueryOutput, layer: 1, unit: .headPosition)], in: model)
    let call = InterventionCall<Float>(
      base: .tokens([[1, 2, 3]]),
      places: [.init(base: UnitPlaces(blocks: .same([3]), positions: .same([2, 0])))])
    let run = InterventionRun(model, setup)
    try run.check(call)
    #expect(run(call, on: Tape()).collected[0].value.shape == [1, 1, 2, 10])
  }
}
