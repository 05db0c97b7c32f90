/// One block of a transformer: the order of its parts, and each of them.
public struct BlockShape: Sendable, Equatable {
  /// Where the norms stand. `f` is the attention, then the feed-forward network.
  public enum Order: Sendable, Equatable {
    /// `x + f(norm(x))`
    case preNorm
    /// `norm(x + f(x))`. Vaswani et al., 2017, <https://arxiv.org/abs/1706.03762>.
    case postNorm
    /// `x + norm(f(norm(x)))`: Gemma 2 and 3.
    case sandwich
    /// `x + norm(f(x))`: OLMo 2.
    case outputNorm
    /// `x + attention(norm(x)) + mlp(norm(x))`, by one norm or by two.
    case parallel(sharesNorm: Bool)

    public var isParallel: Bool { if case .parallel = self { true } else { false } }
  }

  /// Whether a published module holds a part by itself or with what it is added to.
  public enum Span: Sendable, Equatable { case branch, stream }

  public var order: Order
  public var norm: NormShape
  public var attention: AttentionShape
  /// Attention to an encoder's output, between the two others.
  public var cross: AttentionShape?
  public var mlp: FeedForwardShape
  /// What the sites `attention_input` and `attention_output` stand for: the attention by itself, or
  /// with norm and sum.
  public var attentionSpan = Span.branch
  /// What `mlp_output` stands for: by itself, or with the sum.
  public var mlpSpan = Span.branch

  public init(
    _ order: Order = .preNorm, norm: NormShape, attention: AttentionShape, mlp: FeedForwardShape
  ) {
    (self.order, self.norm, self.attention, self.mlp) = (order, norm, attention, mlp)
  }

  /// How many weights of one role the block has where it has several: experts' matrices, heads' norms.
  func copies(of module: BlockModule) -> Int? {
    switch module {
    case .gate, .up, .down: return mlp.experts?.count
    case .queryNorm, .keyNorm:
      guard case .eachHead = attention.norms else { return nil }
      return module == .queryNorm ? attention.heads : attention.keyHeads
    default: return nil
    }
  }

  /// Whether the block has a norm of the stream.
  func has(_ norm: BlockModule) -> Bool {
    switch norm {
    case .attentionNorm: order != .outputNorm
    case .mlpNorm: order != .outputNorm && order != .parallel(sharesNorm: true)
    case .attentionOutputNorm, .mlpOutputNorm: order == .sandwich || order == .outputNorm
    case .crossNorm: cross != nil
    default: false
    }
  }

  /// Multiply-adds of the matrix products of one row; attention's own left out.
  func products(width: Int) -> Int {
    let projections = [attention, cross].compactMap(\.self).reduce(0) {
      $0 + 2 * width * ($1.queryWidth + $1.keyWidth)
    }
    return projections + mlp.products(width: width)
  }
}
