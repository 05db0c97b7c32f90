internal import CKernels

/// What makes attention's scores of the products of queries and keys.
///
///     score = cap · tanh(scale · q·k / cap) + bias[head, key − query]
public struct ScoreTerms<Scalar: Real> {
  /// Factor of the products, usually `1/√headWidth`.
  public var scale: Scalar
  /// The size that scores are bent to stay below; 0 for none.
  public var softCap: Scalar
  /// `[heads, width]`, by the key's distance from the query or, if `isByKey`, by its position: added to
  /// scores. Distance 0 is at `zero`.
  public var bias: Tensor<Scalar>?
  public var zero: Int
  public var isByKey: Bool
  /// `[heads]`: the score of attending to nothing.
  public var sinks: Tensor<Scalar>?

  public init(
    scale: Scalar, softCap: Scalar = 0, bias: Tensor<Scalar>? = nil, zero: Int = 0,
    isByKey: Bool = false, sinks: Tensor<Scalar>? = nil
  ) {
    (self.scale, self.softCap, self.bias, self.zero) = (scale, softCap, bias, zero)
    (self.isByKey, self.sinks) = (isByKey, sinks)
  }
}

/// Where the gradients of attention's scores are added; nil where they are not wanted.
public struct ScoreGradients<Scalar: Real> {
  public var q: UnsafeMutablePointer<Scalar>
  public var keys, bias, sinks: UnsafeMutablePointer<Scalar>?

  public init(
    q: UnsafeMutablePointer<Scalar>, keys: UnsafeMutablePointer<Scalar>?,
    bias: UnsafeMutablePointer<Scalar>? = nil, sinks: UnsafeMutablePointer<Scalar>? = nil
  ) {
    (self.q, self.keys, self.bias, self.sinks) = (q, keys, bias, sinks)
  }
}

extension ScoreTerms<Float> {
  /// For the kernel; good as long as the tensors are.
  var f32: ck_attention_terms_f32 {
    ck_attention_terms_f32(
      scale: scale, soft_cap: softCap, bias: bias?.unsafePointer,
      bias_width: Int32(bias?.width ?? 0), bias_zero: Int32(zero),
      bias_by_key: isByKey ? 1 : 0, sinks: sinks?.unsafePointer)
  }
}

extension ScoreTerms<Double> {
  /// For the kernel; good as long as the tensors are.
  var f64: ck_attention_terms_f64 {
    ck_attention_terms_f64(
      scale: scale, soft_cap: softCap, bias: bias?.unsafePointer,
      bias_width: Int32(bias?.width ?? 0), bias_zero: Int32(zero),
      bias_by_key: isByKey ? 1 : 0, sinks: sinks?.unsafePointer)
  }
}
