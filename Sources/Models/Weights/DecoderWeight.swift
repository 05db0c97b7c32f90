/// A part of a transformer that has weights, outside of its blocks.
public enum StackModule: String, Sendable, Hashable, CaseIterable {
  case tokenEmbedding, positionEmbedding, segmentEmbedding, embeddingNorm
  /// The map of an image's patches, and the row that stands for the whole.
  case patchProjection, classToken
  /// The convolutions over frames.
  case firstConvolution, secondConvolution
  /// Widens token embeddings to the stream.
  case embeddingProjection
  case finalNorm
  /// Narrows the stream to the width of token embeddings.
  case headProjection
  /// The map and the norm before the head's matrix.
  case headTransform, headNorm
  case head
}

/// A part of a block that has weights.
public enum BlockModule: String, Sendable, Hashable, CaseIterable {
  case attentionNorm, query, key, value, queryNorm, keyNorm, sinks, relativeBias, attentionOutput
  case attentionOutputNorm
  case crossNorm, crossQuery, crossKey, crossValue, crossOutput
  case mlpNorm, router, gate, up, down, mlpOutputNorm
}

/// One weight of a transformer, by its role.
public struct DecoderWeight: Sendable, Hashable {
  public enum Module: Sendable, Hashable {
    case stack(StackModule)
    /// - Parameter expert: Its number, of experts' matrices and of norms that each head has.
    case block(BlockModule, layer: Int, expert: Int?)
  }

  public let module: Module
  public let isBias: Bool

  public init(_ module: Module, isBias: Bool = false) {
    (self.module, self.isBias) = (module, isBias)
  }

  public static func stack(_ module: StackModule, isBias: Bool = false) -> DecoderWeight {
    DecoderWeight(.stack(module), isBias: isBias)
  }

  public static func block(
    _ module: BlockModule, _ layer: Int, expert: Int? = nil, isBias: Bool = false
  ) -> DecoderWeight {
    DecoderWeight(.block(module, layer: layer, expert: expert), isBias: isBias)
  }

  public static let tokenEmbedding = stack(.tokenEmbedding)
  public static let positionEmbedding = stack(.positionEmbedding)
  public static let head = stack(.head)

  /// The bias beside a weight.
  public var bias: DecoderWeight { DecoderWeight(module, isBias: true) }

  /// Whether rows are looked up in it.
  public var isTable: Bool {
    switch module {
    case .stack(.tokenEmbedding), .stack(.positionEmbedding), .stack(.segmentEmbedding),
      .stack(.classToken):
      true
    case .block(.relativeBias, _, _): true
    default: false
    }
  }

  /// Whether it is a norm's factors.
  public var isGain: Bool {
    guard !isBias else { return false }
    switch module {
    case .stack(let module): return [.embeddingNorm, .finalNorm, .headNorm].contains(module)
    case .block(let module, _, _):
      return [
        .attentionNorm, .queryNorm, .keyNorm, .attentionOutputNorm, .crossNorm, .mlpNorm,
        .mlpOutputNorm,
      ].contains(module)
    }
  }
}
