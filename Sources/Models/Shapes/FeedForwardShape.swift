public import Tensors

/// What a block does to each row by itself.
public struct FeedForwardShape: Sendable, Equatable {
  public enum Form: Sendable, Equatable {
    /// `down(f(up(x)))`
    case plain(Activation)
    /// `down(f(gate(x)) · up(x))`. Shazeer, 2020, <https://arxiv.org/abs/2002.05202>.
    case gated(Activation)
    /// `down(g · σ(alpha · g) · (u + 1))`, g the gate cut above `limit`, u the other branch cut to
    /// ±`limit`: gpt-oss.
    case clamped(alpha: Float, limit: Float)

    /// The nonlinearity; SiLU of what is clamped.
    public var activation: Activation {
      switch self {
      case .plain(let function), .gated(let function): function
      case .clamped: .silu
      }
    }

    public var isGated: Bool { if case .plain = self { false } else { true } }
  }

  /// Several feed-forward networks, of which each row goes through a few. Shazeer et al., 2017,
  /// <https://arxiv.org/abs/1701.06538>.
  public struct Experts: Sendable, Equatable {
    public var count: Int
    /// Those that a row goes through.
    public var used: Int
    /// Whether the weights of those are divided by their sum. They are probabilities over all experts
    /// otherwise.
    public var isNormalised: Bool
    public var hasRouterBias: Bool

    public init(count: Int, used: Int, isNormalised: Bool, hasRouterBias: Bool = false) {
      (self.count, self.used, self.isNormalised) = (count, used, isNormalised)
      self.hasRouterBias = hasRouterBias
    }
  }

  /// Hidden units, of each expert where there are several.
  public var width: Int
  public var form: Form
  public var hasBias: Bool
  public var experts: Experts?

  public init(width: Int, _ form: Form, hasBias: Bool = false, experts: Experts? = nil) {
    (self.width, self.form, self.hasBias, self.experts) = (width, form, hasBias, experts)
  }

  /// Multiply-adds of the matrix products of one row of the given width.
  func products(width stream: Int) -> Int {
    let one = stream * width * (form.isGated ? 3 : 2)
    return experts.map { one * $0.used + stream * $0.count } ?? one
  }
}
