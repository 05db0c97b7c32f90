import Autodiff
import Tensors
import Testing
import _TestSupport

@Suite struct `Layers of models` {
  private static func draws(_ shape: [Int], seed: UInt64 = 41) -> Tensor<Double> {
    var random = SeededRandom(seed: seed)
    return .normal(shape, using: &random)
  }

  @Test(arguments: [[1, 2], [1, 33], [3, 8], [5, 17]])
  func `gradients of norms agree with central differences`(shape: [Int]) {
    let x = Self.draws(shape)
    let (weight, bias) = (Self.draws([shape[1]], seed: 42), Self.draws([shape[1]], seed: 43))
    expectGradient(at: [x, weight]) { $0.rmsNorm($1[0], weight: $1[1], epsilon: 1e-5) }
    expectGradient(at: [x, weight, bias]) {
      $0.layerNorm($1[0], weight: $1[1], bias: $1[2], epsilon: 1e-2)
    }
  }

  @Test(arguments: [2, 4])
  func `gradients of rotation agree with central differences`(rotated: Int) {
    let angles = RotaryAngles(
      cosines: Self.draws([5, rotated / 2], seed: 44), sines: Self.draws([5, rotated / 2]))
    expectGradient(at: [Self.draws([3, 12])]) {
      $0.rotate($1[0], headWidth: 6, positions: [4, 0, 2], angles: angles)
    }
  }

  /// Two sequences: one with two rows of a prefix before its own three, one with rows in two pieces.
  private static func layout(heads: Int, keyHeads: Int) -> AttentionLayout {
    AttentionLayout(
      heads: heads, keyHeads: keyHeads, headWidth: 3,
      sequences: [
        [.init(own: false, rows: 1..<3), .init(own: true, rows: 0..<3)],
        [
          .init(own: true, rows: 3..<4), .init(own: false, rows: 0..<1),
          .init(own: true, rows: 4..<5),
        ],
      ],
      queries: [
        .init(row: 0, sequence: 0, position: 2, keys: 0..<3),
        .init(row: 1, sequence: 0, position: 3, keys: 0..<4),
        .init(row: 2, sequence: 0, position: 4, keys: 0..<5),
        .init(row: 3, sequence: 1, position: 0, keys: 0..<1),
        .init(row: 4, sequence: 1, position: 2, keys: 0..<3),
      ])
  }

  @Test(arguments: [[1, 1], [2, 2], [4, 2], [3, 1]])
  func `gradients of attention agree with central differences`(heads: [Int]) {
    let layout = Self.layout(heads: heads[0], keyHeads: heads[1])
    let q = Self.draws([5, heads[0] * 3])
    let keys = Self.draws([5, heads[1] * 3], seed: 45)
    let prefix = Self.draws([3, heads[1] * 3], seed: 46)
    expectGradient(at: [q, keys]) {
      $0.attentionWeights(
        $1[0], keys: $1[1], prefix: prefix, scores: AttentionScores(scale: 0.6), layout: layout)
    }
    let weights = Tape<Double>().attentionWeights(
      Variable(q), keys: Variable(keys), prefix: prefix, scores: AttentionScores(scale: 0.6),
      layout: layout
    ).value
    expectGradient(at: [keys]) {
      $0.attentionMix(Variable(weights), values: $1[0], prefix: prefix, layout: layout)
    }
    expectGradient(at: [q, keys]) {
      let weights = $0.attentionWeights(
        $1[0], keys: $1[1], prefix: prefix, scores: AttentionScores(scale: 0.6), layout: layout)
      return $0.attentionMix(weights, values: $1[1], prefix: prefix, layout: layout)
    }
  }

  @Test func `gradients of mixing weights agree where every key is seen`() {
    let layout = AttentionLayout(
      heads: 2, keyHeads: 1, headWidth: 4,
      sequences: [[.init(own: false, rows: 0..<2), .init(own: true, rows: 0..<2)]],
      queries: [
        .init(row: 0, sequence: 0, position: 3, keys: 0..<4),
        .init(row: 1, sequence: 0, position: 3, keys: 0..<4),
      ])
    let prefix = Self.draws([2, 4], seed: 47)
    expectGradient(at: [Self.draws([2, 8]), Self.draws([2, 4], seed: 48)]) {
      $0.attentionMix($1[0], values: $1[1], prefix: prefix, layout: layout)
    }
  }
}
