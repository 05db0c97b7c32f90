/// An attention: its heads, what a query sees and how scores are made.
public struct AttentionShape: Sendable, Equatable {
  /// The vectors that are added to projections.
  public struct Biases: OptionSet, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }

    public static let query = Biases(rawValue: 1)
    public static let key = Biases(rawValue: 2)
    public static let value = Biases(rawValue: 4)
    public static let output = Biases(rawValue: 8)
    public static let input: Biases = [.query, .key, .value]
    public static let all: Biases = [.input, .output]
  }

  /// What is added to scores by the distance of key and query.
  public enum Bias: Sendable, Equatable {
    /// A slope for each head. Press et al., 2022, <https://arxiv.org/abs/2108.12409>.
    case linear(LinearBias)
    /// A number for each head and bucket of distances, of a table that this layer has or that the
    /// first layer's is used for. Raffel et al., 2020, <https://arxiv.org/abs/1910.10683>.
    case buckets(count: Int, farthest: Int, isBidirectional: Bool, isOwn: Bool)
  }

  /// Norms of queries and keys before they turn.
  public enum QueryKeyNorm: Sendable, Equatable {
    /// Of each head by itself, with one gain for all heads.
    case head(NormShape)
    /// Of all heads together.
    case whole(NormShape)
    /// Of each head by itself, with a gain for each.
    case eachHead(NormShape)

    public var shape: NormShape {
      switch self {
      case .head(let norm), .whole(let norm), .eachHead(let norm): norm
      }
    }
  }

  public var heads: Int
  /// Heads of keys and values; fewer than `heads` in grouped-query attention. Ainslie et al., 2023,
  /// <https://arxiv.org/abs/2305.13245>.
  public var keyHeads: Int
  public var headWidth: Int
  /// Factor of the dot products, usually `1/√headWidth`.
  public var scale: Float
  public var biases: Biases = []
  /// Whether a query sees no key after it.
  public var isCausal = true
  /// How many keys a query sees at most, itself among them; nil: all. Of a causal attention.
  public var window: Int?
  public var rotary: RotaryShape?
  public var bias: Bias?
  public var norms: QueryKeyNorm?
  /// The size that scores are bent to stay below.
  public var softCap: Float?
  /// The size that queries, keys and values are cut at.
  public var clip: Float?
  /// Whether each head has a score for attending to nothing.
  public var hasSinks = false

  public init(
    heads: Int, keyHeads: Int? = nil, headWidth: Int, scale: Float? = nil, biases: Biases = [],
    rotary: RotaryShape? = nil
  ) {
    (self.heads, self.keyHeads, self.headWidth) = (heads, keyHeads ?? heads, headWidth)
    self.scale = scale ?? 1 / Float(headWidth).squareRoot()
    (self.biases, self.rotary) = (biases, rotary)
  }

  public var queryWidth: Int { heads * headWidth }
  public var keyWidth: Int { keyHeads * headWidth }

  /// The keys that a query at a position of a sequence of so many sees.
  public func keys(of position: Int, length: Int) -> Range<Int> {
    guard isCausal else { return 0..<length }
    return max(0, position + 1 - (window ?? length))..<position + 1
  }
}
