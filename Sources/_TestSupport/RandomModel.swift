public import Models
public import Tensors

extension DecoderModel {
  /// A decoder whose weights are seeded normal draws, under GPT-2's or Llama's names by the kind of
  /// norm.
  public static func random(_ shape: DecoderShape, seed: UInt64 = 1) -> DecoderModel {
    var random = SeededRandom(seed: seed)
    let family = shape.blocks[0].norm.kind == .layer ? Family.gpt2 : Family.llama
    return DecoderModel(shape, names: PublishedNames(family)) {
      .random($0, of: shape, using: &random)
    }
  }
}

extension Tensor {
  /// A weight of a random decoder: small enough to keep activations tame, gains around 1.
  static func random(
    _ weight: DecoderWeight, of shape: DecoderShape, using random: inout SeededRandom
  ) -> Tensor {
    let size = shape.size(of: weight) ?? []
    let scale = Scalar(size.count == 2 ? 1 / Double(size[1]).squareRoot() : 0.1)
    let offset: Scalar = weight.isGain ? 1 : 0
    return .normal(size, using: &random).scaled(by: scale, plus: offset)
  }

  /// Standard normal draws by the sum of twelve uniforms: near enough for tests, and fast.
  public static func normal(_ shape: [Int], using random: inout SeededRandom) -> Tensor {
    Tensor(
      shape,
      (0..<shape.reduce(1, *)).map { _ in
        var sum = -6.0
        for _ in 0..<12 { sum += Double(random.next() >> 11) * 0x1p-53 }
        return Scalar(sum)
      })
  }
}

extension DecoderShape {
  /// GPT-2's plan at any size.
  public static func gpt2(
    layers: Int, width: Int, heads: Int, vocabulary: Int, positions: Int = 64
  ) -> DecoderShape {
    let norm = NormShape.layer(epsilon: 1e-5)
    let block = BlockShape(
      norm: norm, attention: AttentionShape(heads: heads, headWidth: width / heads, biases: .all),
      mlp: FeedForwardShape(width: 4 * width, .plain(.geluTanh), hasBias: true))
    return DecoderShape(
      width: width, vocabulary: vocabulary, positionCount: positions,
      front: Front(hasPositions: true), blocks: Array(repeating: block, count: layers),
      finalNorm: norm, head: Head(isTied: true))
  }

  /// Llama's plan at any size.
  public static func llama(
    layers: Int, width: Int, heads: Int, keyHeads: Int, mlpWidth: Int, vocabulary: Int
  ) -> DecoderShape {
    let d = width / heads
    let norm = NormShape.rms(epsilon: 1e-5)
    let block = BlockShape(
      norm: norm,
      attention: AttentionShape(
        heads: heads, keyHeads: keyHeads, headWidth: d,
        rotary: RotaryShape(frequencies: (0..<d / 2).map { 1 / Float(1 + 10 * $0) })),
      mlp: FeedForwardShape(width: mlpWidth, .gated(.silu)))
    return DecoderShape(
      width: width, vocabulary: vocabulary, positionCount: 256,
      blocks: Array(repeating: block, count: layers), finalNorm: norm, head: Head(isTied: false))
  }
}
