public import Tensors

/// What makes scores of the products of queries and keys, with what is trained of it.
public struct AttentionScores<Scalar: Real> {
  /// Factor of the products, usually `1/√headWidth`.
  public var scale: Scalar
  /// The size that scores are bent to stay below, if any.
  public var softCap: Scalar?
  /// What is added to scores.
  public struct Bias {
    /// `[heads, width]`, by the key's distance from the query, or by its position.
    public var table: Variable<Scalar>
    /// The place of distance or position 0.
    public var zero: Int
    public var isByKey: Bool

    public init(table: Variable<Scalar>, zero: Int, isByKey: Bool = false) {
      (self.table, self.zero, self.isByKey) = (table, zero, isByKey)
    }
  }
  public var bias: Bias?
  /// `[heads]`: the score of attending to nothing.
  public var sinks: Variable<Scalar>?

  public init(
    scale: Scalar, softCap: Scalar? = nil, bias: Bias? = nil,
    sinks: Variable<Scalar>? = nil
  ) {
    (self.scale, self.softCap, self.bias, self.sinks) = (scale, softCap, bias, sinks)
  }

  fileprivate var terms: ScoreTerms<Scalar> {
    ScoreTerms(
      scale: scale, softCap: softCap ?? 0, bias: bias?.table.value, zero: bias?.zero ?? 0,
      isByKey: bias?.isByKey ?? false, sinks: sinks?.value)
  }
}

extension Tape {
  /// The softmax of the scores of queries with the keys that they see.
  ///
  ///     w = softmax(s)        ∂L/∂s = w · (g − Σ g · w),  s the scores
  ///
  /// - Parameters:
  ///   - q: `[rows, heads · headWidth]`.
  ///   - keys: The batch's own keys, `[rows, keyHeads · headWidth]`.
  ///   - prefix: Keys that other runs made; constants. Rows as the layout names them.
  /// - Returns: `[queries, heads · keyCapacity]`, zero where a query sees no key.
  ///
  /// Vaswani et al., 2017, <https://arxiv.org/abs/1706.03762>, equation 1.
  public func attentionWeights(
    _ q: Variable<Scalar>, keys: Variable<Scalar>, prefix: Tensor<Scalar>?,
    scores: AttentionScores<Scalar>, layout: AttentionLayout
  ) -> Variable<Scalar> {
    if let bias = scores.bias {
      precondition(
        (bias.isByKey || bias.zero >= layout.reach)
          && bias.table.value.width - bias.zero > layout.reach,
        "a bias of \(bias.table.shape) for keys up to \(layout.reach) away")
    }
    let weights = Tensor<Scalar>([layout.queryCount, layout.weightWidth]) {
      Scalar.attentionWeights(
        layout, scores.terms, q.value.unsafePointer, keys.value.unsafePointer,
        prefix?.unsafePointer, $0)
    }
    let (bias, sinks) = (scores.bias?.table, scores.sinks)
    let inputs = [q, keys] + [bias, sinks].compactMap(\.self)
    return record(weights, from: inputs) { g in
      let dq = Tensor<Scalar>(zeros: q.shape)
      func gradient(of input: Variable<Scalar>?) -> Tensor<Scalar>? {
        input.flatMap { $0.isTracked ? Tensor<Scalar>(zeros: $0.shape) : nil }
      }
      func address(_ tensor: Tensor<Scalar>?) -> UnsafeMutablePointer<Scalar>? {
        tensor.map { UnsafeMutablePointer(mutating: $0.unsafePointer) }
      }
      let (dKeys, dBias, dSinks) = (gradient(of: keys), gradient(of: bias), gradient(of: sinks))
      Scalar.attentionWeightsGradient(
        layout, scores.terms, q.value.unsafePointer, keys.value.unsafePointer,
        prefix?.unsafePointer, weights.unsafePointer, g.unsafePointer,
        ScoreGradients(
          q: UnsafeMutablePointer(mutating: dq.unsafePointer), keys: address(dKeys),
          bias: address(dBias), sinks: address(dSinks)))
      return [dq, dKeys] + (bias == nil ? [] : [dBias]) + (sinks == nil ? [] : [dSinks])
    }
  }

  /// The values that each query sees, added up with its weights.
  ///
  /// - Parameters:
  ///   - weights: `[queries, heads · keyCapacity]`.
  ///   - values: The batch's own values, `[rows, keyHeads · headWidth]`.
  ///   - prefix: Values that other runs made; constants.
  /// - Returns: `[queries, heads · headWidth]`.
  public func attentionMix(
    _ weights: Variable<Scalar>, values: Variable<Scalar>, prefix: Tensor<Scalar>?,
    layout: AttentionLayout
  ) -> Variable<Scalar> {
    let y = Tensor<Scalar>([layout.queryCount, layout.heads * layout.headWidth]) {
      Scalar.attentionMix(
        layout, weights.value.unsafePointer, values.value.unsafePointer, prefix?.unsafePointer, $0)
    }
    return record(y, from: [weights, values]) { g in
      let dValues = values.isTracked ? Tensor<Scalar>(zeros: values.shape) : nil
      let dWeights = Tensor<Scalar>(weights.shape) {
        Scalar.attentionMixGradient(
          layout, weights.value.unsafePointer, values.value.unsafePointer, prefix?.unsafePointer,
          g.unsafePointer, $0, dValues.map { UnsafeMutablePointer(mutating: $0.unsafePointer) })
      }
      return [dWeights, dValues]
    }
  }
}
