internal import Autodiff
internal import Tensors

extension DecoderModel {
  /// The stream after attention to what an encoder gave: `x + attention(norm(x))`.
  ///
  /// Vaswani et al., 2017, <https://arxiv.org/abs/1706.03762>, section 3.2.3.
  func crossed(
    _ x: Variable<Scalar>, _ layer: Int, _ queries: [Int]?, in run: Run<Scalar>
  ) -> Variable<Scalar> {
    guard let weights = layers[layer].cross else { return x }
    let tape = run.tape
    let read = run.visit(
      .decoderCrossAttentionInput, layer, layers[layer].crossNorm.map { $0(x, on: tape) } ?? x)
    let made = run.visit(
      .decoderCrossAttentionOutput, layer, mixed(read, weights, layer, queries, in: run))
    return run.visit(.decoderCrossResidualMiddle, layer, tape.add(x, made))
  }

  /// What rows take from the encoder's, `[queries, width]`.
  private func mixed(
    _ read: Variable<Scalar>, _ weights: Attention<Scalar>, _ layer: Int, _ queries: [Int]?,
    in run: Run<Scalar>
  ) -> Variable<Scalar> {
    guard let memory = run.memory else { preconditionFailure("a decoder without its encoder") }
    let tape = run.tape
    let keyed = run.visit(.decoderCrossKeyInput, layer, memory.rows)
    let valued = run.visit(.decoderCrossValueInput, layer, keyed)
    let q = run.visit(.decoderCrossQueryOutput, layer, weights.query(read, on: tape))
    let k = run.visit(.decoderCrossKeyOutput, layer, weights.key(keyed, on: tape))
    let v = run.visit(.decoderCrossValueOutput, layer, weights.value(valued, on: tape))
    let layout = run.batch.attention(weights.shape, to: memory.batch, queries: queries)
    let probabilities = run.visit(
      .decoderCrossAttentionWeight, layer,
      tape.attentionWeights(
        q, keys: k, prefix: nil, scores: weights.scores(layout, on: tape), layout: layout))
    let mixed = run.visit(
      .decoderCrossAttentionValueOutput, layer,
      tape.attentionMix(probabilities, values: v, prefix: nil, layout: layout))
    return weights.output(mixed, on: tape)
  }
}

extension Batch {
  /// Every row sees all of the other batch's sequence of the same number.
  fileprivate func attention(
    _ shape: AttentionShape, to other: Batch, queries: [Int]?
  ) -> AttentionLayout {
    let rows = queries ?? Array(0..<rowCount)
    return AttentionLayout(
      heads: shape.heads, keyHeads: shape.keyHeads, headWidth: shape.headWidth,
      sequences: other.sequences.map { [AttentionLayout.Piece(own: true, rows: $0.rows)] },
      queries: rows.enumerated().map { index, row in
        let sequence = Int(sequenceOfRow[row])
        return AttentionLayout.Query(
          row: index, sequence: sequence, position: 0,
          keys: 0..<other.sequences[sequence].length)
      })
  }
}
