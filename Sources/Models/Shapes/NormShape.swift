/// A normalisation of rows: what kind, and which weights it has.
public struct NormShape: Sendable, Equatable {
  public enum Kind: Sendable, Equatable {
    /// To zero mean and unit variance. Ba et al., 2016, <https://arxiv.org/abs/1607.06450>.
    case layer
    /// To unit root-mean-square. Zhang and Sennrich, 2019, <https://arxiv.org/abs/1910.07467>.
    case rms
  }

  public var kind: Kind
  /// Added to the variance or mean square.
  public var epsilon: Float
  /// Whether there is a gain for each feature; OLMo's norms have none.
  public var hasGain: Bool
  /// Whether a bias for each feature is added.
  public var hasBias: Bool
  /// Whether the stored gain is less by one than the factor, as Gemma's are.
  public var addsOne: Bool

  public init(
    _ kind: Kind, epsilon: Float, hasGain: Bool = true, hasBias: Bool = false, addsOne: Bool = false
  ) {
    (self.kind, self.epsilon, self.hasGain) = (kind, epsilon, hasGain)
    (self.hasBias, self.addsOne) = (hasBias, addsOne)
  }

  /// A layer norm with gain and bias.
  public static func layer(epsilon: Float) -> NormShape {
    NormShape(.layer, epsilon: epsilon, hasBias: true)
  }

  /// A root-mean-square norm with a gain.
  public static func rms(epsilon: Float) -> NormShape { NormShape(.rms, epsilon: epsilon) }
}
