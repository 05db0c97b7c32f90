public import Tensors

extension Tape {
  /// The softmax of scaled dot products of queries with the keys that they see.
  ///
  ///     w = softmax(scale · q kᵀ)        ∂L/∂s = w · (g − Σ g · w),  s the scores
  ///
  /// - Parameters:
  ///   - q: `[rows, heads · headWidth]`.
  ///   - keys: The batch's own keys, `[rows, keyHeads · headWidth]`.
  ///   - prefix: Keys that other runs made; constants. Rows as the layout names them.
  /// - Returns: `[queries, heads · keyCapacity]`, zero where a query sees no key.
  ///
  /// Vaswani et al., 2017, <https://arxiv.org/abs/1706.03762>, equation 1.
  public func attentionWeights(
    _ q: Variable<Scalar>, keys: Variable<Scalar>, prefix: Tensor<Scalar>?, scale: Scalar,
    layout: AttentionLayout
  ) -> Variable<Scalar> {
    let weights = Tensor<Scalar>([layout.queryCount, layout.weightWidth]) {
      Scalar.attentionWeights(
        layout, scale: scale, q.value.unsafePointer, keys.value.unsafePointer,
        prefix?.unsafePointer, $0)
    }
    return record(weights, from: [q, keys]) { g in
      let dq = Tensor<Scalar>(zeros: q.shape)
      let dKeys = keys.isTracked ? Tensor<Scalar>(zeros: keys.shape) : nil
      Scalar.attentionWeightsGradient(
        layout, scale: scale, q.value.unsafePointer, keys.value.unsafePointer,
        prefix?.unsafePointer, weights.unsafePointer, g.unsafePointer,
        UnsafeMutablePointer(mutating: dq.unsafePointer),
        dKeys.map { UnsafeMutablePointer(mutating: $0.unsafePointer) })
      return [dq, dKeys]
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
