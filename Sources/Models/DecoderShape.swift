public import Tensors

/// What distinguishes one decoder from another: sizes and choices, no weights.
public struct DecoderShape: Sendable, Equatable {
  public enum Norm: Sendable, Equatable { case layer, rms }

  public enum MLP: Sendable, Equatable {
    /// `down(f(up(x)))`
    case plain(Activation)
    /// `down(f(gate(x)) · up(x))`. Shazeer, 2020, <https://arxiv.org/abs/2002.05202>.
    case gated(Activation)

    public var activation: Activation {
      switch self {
      case .plain(let function), .gated(let function): function
      }
    }
  }

  public enum Positions: Sendable, Equatable {
    /// An embedding for each position, added to the token's.
    case learned
    /// Queries and keys are turned by angles of these frequencies, in radians per position.
    case rotary(frequencies: [Float])
  }

  public var layers: Int
  /// Of the residual stream.
  public var width: Int
  public var heads: Int
  /// Heads of keys and values; fewer than `heads` in grouped-query attention.
  public var keyHeads: Int
  public var headWidth: Int
  public var mlpWidth: Int
  public var vocabulary: Int
  /// The longest context.
  public var positionCount: Int
  public var norm: Norm
  /// Added to the variance or mean square.
  public var epsilon: Float
  public var mlp: MLP
  public var positions: Positions
  /// Factor of the dot products, usually `1/√headWidth`.
  public var attentionScales: [Float]
  public var attentionBias: Bool
  public var attentionOutputBias: Bool
  public var mlpBias: Bool
  /// Whether the output head is the token embedding.
  public var tiedEmbedding: Bool

  public init(
    layers: Int, width: Int, heads: Int, keyHeads: Int, headWidth: Int, mlpWidth: Int,
    vocabulary: Int, positionCount: Int, norm: Norm, epsilon: Float, mlp: MLP,
    positions: Positions, attentionScales: [Float], attentionBias: Bool,
    attentionOutputBias: Bool, mlpBias: Bool, tiedEmbedding: Bool
  ) {
    (self.layers, self.width, self.heads, self.keyHeads) = (layers, width, heads, keyHeads)
    (self.headWidth, self.mlpWidth, self.vocabulary) = (headWidth, mlpWidth, vocabulary)
    (self.positionCount, self.norm, self.epsilon) = (positionCount, norm, epsilon)
    (self.mlp, self.positions, self.attentionScales) = (mlp, positions, attentionScales)
    (self.attentionBias, self.attentionOutputBias) = (attentionBias, attentionOutputBias)
    (self.mlpBias, self.tiedEmbedding) = (mlpBias, tiedEmbedding)
  }

  /// What a decoder can be run on.
  public var inputLimits: InputLimits {
    InputLimits(vocabulary: vocabulary, width: width, positions: positionCount)
  }

  public var queryWidth: Int { heads * headWidth }
  public var keyWidth: Int { keyHeads * headWidth }

  /// The elements of one row at a site; of attention weights per key.
  public func width(of site: Site) -> Int {
    switch site.unsplit {
    case .queryOutput, .attentionValueOutput: queryWidth
    case .keyOutput, .valueOutput: keyWidth
    case .mlpActivation, .mlpPreactivation, .mlpUpOutput, .mlpProduct: mlpWidth
    case .attentionWeight: heads
    case .qkvOutput: queryWidth + 2 * keyWidth
    case .logits: vocabulary
    default: width
    }
  }

  /// The heads that a site has, or nil where it is not made of heads.
  public func heads(of site: Site) -> Int? {
    switch site.unsplit {
    case .queryOutput, .attentionValueOutput, .attentionWeight: heads
    case .keyOutput, .valueOutput: keyHeads
    default: nil
    }
  }

  /// Multiply-adds of the matrix products of one row through one block; attention's own left out.
  public var productsPerBlockRow: Int {
    let attention = width * (queryWidth + 2 * keyWidth) + queryWidth * width
    return attention + width * mlpWidth * (mlp == .gated(mlp.activation) ? 3 : 2)
  }
}
