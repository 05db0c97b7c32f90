internal import Autodiff
internal import Tensors

extension DecoderModel {
  /// The queries, keys and values of a layer.
  private typealias Projections = (
    q: Variable<Scalar>, k: Variable<Scalar>, v: Variable<Scalar>
  )

  /// Attention of some rows to all, `[queries, width]`, and what was read, with the changes that keys
  /// and values were made with: whoever reads the same value later sees them.
  ///
  /// - Parameters:
  ///   - asking: What queries are made of, `[queries, width]`.
  ///   - read: What keys and values are made of, `[rows, width]`.
  ///   - queries: The rows that ask; all unless said.
  func attention(
    _ asking: Variable<Scalar>, _ read: Variable<Scalar>, _ layer: Int, _ queries: [Int]?,
    in run: Run<Scalar>
  ) -> (output: Variable<Scalar>, read: Variable<Scalar>) {
    let (tape, weights, batch) = (run.tape, layers[layer].attention, run.batch)
    let (made, seen) = projected(asking, read, layer, in: run)
    let (q, k, v) = turned(made, layer, queries, in: run)
    if run.keepsKeyValues {
      run.kept.keys.append(k.value)
      run.kept.values.append(v.value)
    }
    let layout = batch.attention(weights.shape, queries: queries)
    let probabilities = run.visit(
      .attentionWeight, layer,
      tape.attentionWeights(
        q, keys: k, prefix: run.prefix?.keys[layer], scores: weights.scores(layout, on: tape),
        layout: layout))
    let mixed = run.visit(
      .attentionValueOutput, layer,
      tape.attentionMix(
        probabilities, values: v, prefix: run.prefix?.values[layer], layout: layout))
    return (weights.output(mixed, on: tape), seen)
  }

  private func projected(
    _ asking: Variable<Scalar>, _ read: Variable<Scalar>, _ layer: Int, in run: Run<Scalar>
  ) -> (made: Projections, read: Variable<Scalar>) {
    let (tape, weights) = (run.tape, layers[layer].attention)
    let keyed = run.visit(.keyInput, layer, read)
    let valued = run.visit(.valueInput, layer, keyed)
    let made = fused(
      (
        weights.query(asking, on: tape), weights.key(keyed, on: tape),
        weights.value(valued, on: tape)
      ), layer, in: run)
    return (
      (
        run.visit(.queryOutput, layer, made.q), run.visit(.keyOutput, layer, made.k),
        run.visit(.valueOutput, layer, made.v)
      ), valued
    )
  }

  /// Projections cut, normalised and turned by their positions, as the model does.
  private func turned(
    _ made: Projections, _ layer: Int, _ queries: [Int]?, in run: Run<Scalar>
  ) -> Projections {
    let (tape, weights, batch) = (run.tape, layers[layer].attention, run.batch)
    var (q, k) = (weights.clipped(made.q, on: tape), weights.clipped(made.k, on: tape))
    if let norm = weights.queryNorm {
      q = run.visit(.queryNormOutput, layer, norm(q, on: tape))
    }
    if let norm = weights.keyNorm { k = run.visit(.keyNormOutput, layer, norm(k, on: tape)) }
    if let rotary = weights.rotary {
      let (angles, places) = rotary.angles(of: batch)
      let asking = queries.map { $0.map { places[$0] } } ?? places
      let headWidth = weights.shape.headWidth
      q = tape.rotate(q, headWidth: headWidth, positions: asking, angles: angles)
      k = tape.rotate(k, headWidth: headWidth, positions: places, angles: angles)
    }
    return (q, k, weights.clipped(made.v, on: tape))
  }

  /// Queries, keys and values as one value where that is shown, in its published order.
  private func fused(
    _ made: Projections, _ layer: Int, in run: Run<Scalar>
  ) -> Projections {
    guard shown.contains(.qkvOutput), made.q.value.rows == made.k.value.rows else { return made }
    let tape = run.tape
    let order = fusedColumns
    let parts = [made.q, made.k, made.v]
    var all = tape.concatenateColumns(parts)
    if let order { all = tape.gatherColumns(all, order.published) }
    all = run.visit(.qkvOutput, layer, all)
    if let order { all = tape.gatherColumns(all, order.own) }
    var start = 0
    let cut = parts.map { part in
      defer { start += part.value.width }
      return tape.columns(all, start..<start + part.value.width)
    }
    return (cut[0], cut[1], cut[2])
  }
}
