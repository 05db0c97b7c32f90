/// One weight of a decoder, by its role.
public enum DecoderWeight: Sendable, Hashable {
  case tokenEmbedding, positionEmbedding
  case finalNorm, finalNormBias
  case head
  case layer(Int, LayerWeight)

  public enum LayerWeight: Sendable, Hashable, CaseIterable {
    case attentionNorm, attentionNormBias
    case query, queryBias, key, keyBias, value, valueBias
    case attentionOutput, attentionOutputBias
    case mlpNorm, mlpNormBias
    case gate, gateBias, up, upBias, down, downBias
  }
}

extension DecoderShape {
  /// The size of a weight: `[outputs, inputs]` of a matrix, `[rows, width]` of an embedding,
  /// `[width]` of a vector; nil where a decoder of this shape has no such weight.
  public func size(of weight: DecoderWeight) -> [Int]? {
    switch weight {
    case .tokenEmbedding: [vocabulary, width]
    case .positionEmbedding: positions == .learned ? [positionCount, width] : nil
    case .finalNorm: [width]
    case .finalNormBias: norm == .layer ? [width] : nil
    case .head: tiedEmbedding ? nil : [vocabulary, width]
    case .layer(_, let weight): size(of: weight)
    }
  }

  private func size(of weight: DecoderWeight.LayerWeight) -> [Int]? {
    let isGated = mlp == .gated(mlp.activation)
    return switch weight {
    case .attentionNorm, .mlpNorm: [width]
    case .attentionNormBias, .mlpNormBias: norm == .layer ? [width] : nil
    case .query: [queryWidth, width]
    case .queryBias: attentionBias ? [queryWidth] : nil
    case .key, .value: [keyWidth, width]
    case .keyBias, .valueBias: attentionBias ? [keyWidth] : nil
    case .attentionOutput: [width, queryWidth]
    case .attentionOutputBias: attentionOutputBias ? [width] : nil
    case .gate: isGated ? [mlpWidth, width] : nil
    case .up: [mlpWidth, width]
    case .gateBias: isGated && mlpBias ? [mlpWidth] : nil
    case .upBias: mlpBias ? [mlpWidth] : nil
    case .down: [width, mlpWidth]
    case .downBias: mlpBias ? [width] : nil
    }
  }

  /// Every weight that a decoder of this shape has, in the order of use.
  public var weights: [DecoderWeight] {
    let perLayer = (0..<layers).flatMap { layer in
      DecoderWeight.LayerWeight.allCases.map { DecoderWeight.layer(layer, $0) }
    }
    let all =
      [.tokenEmbedding, .positionEmbedding] + perLayer + [.finalNorm, .finalNormBias, .head]
    return all.filter { size(of: $0) != nil }
  }
}
