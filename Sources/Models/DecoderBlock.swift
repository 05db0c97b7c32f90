public import Autodiff
internal import Tensors

extension DecoderModel {
  /// Runs one pre-norm block on the residual stream, `[rows, width]`, and returns the new stream.
  ///
  /// - Parameter queries: The rows that are wanted after the block, all unless said. Keys and
  ///   values are made for every row; everything else only for these, which are what the result
  ///   and every later site hold.
  ///
  /// Vaswani et al., 2017, <https://arxiv.org/abs/1706.03762>; the order of norms is GPT-2's.
  public func block(
    _ layer: Int, _ x: Variable<Scalar>, in run: Run<Scalar>, queries: [Int]? = nil
  ) -> Variable<Scalar> {
    let (tape, weights) = (run.tape, layers[layer])
    let x = run.visit(.blockInput, layer, x)
    let read = run.visit(.attentionInput, layer, weights.attentionNorm(x, on: tape))
    let wanted = queries.map { tape.rows(x, $0) } ?? x

    let attended = run.visit(.attentionOutput, layer, attended(read, layer, queries, in: run))
    let middle = run.visit(.residualMiddle, layer, tape.add(wanted, attended))
    let changed = run.visit(.mlpOutput, layer, mlp(middle, layer, in: run))
    return run.visit(.blockOutput, layer, tape.add(middle, changed))
  }

  /// What attention adds to the wanted rows; rows that will be replaced hold anything.
  private func attended(
    _ read: Variable<Scalar>, _ layer: Int, _ queries: [Int]?, in run: Run<Scalar>
  ) -> Variable<Scalar> {
    let tape = run.tape
    let wanted = queries.map { tape.rows(read, $0) } ?? read
    guard let needed = run.neededRows(.attentionOutput, layer, of: wanted.value.rows) else {
      return attention(wanted, read, layer, queries, in: run)
    }
    let asking = queries.map { queries in needed.map { queries[$0] } } ?? needed
    let made = attention(tape.rows(wanted, needed), read, layer, asking, in: run)
    return tape.replaceRows(wanted, needed, with: made)
  }

  /// Grouped-query attention. Ainslie et al., 2023, <https://arxiv.org/abs/2305.13245>.
  ///
  /// - Parameters:
  ///   - asking: What queries are made of, `[queries, width]`.
  ///   - read: What keys and values are made of, `[rows, width]`.
  private func attention(
    _ asking: Variable<Scalar>, _ read: Variable<Scalar>, _ layer: Int, _ queries: [Int]?,
    in run: Run<Scalar>
  ) -> Variable<Scalar> {
    let (tape, weights, batch) = (run.tape, layers[layer], run.batch)
    let keyed = run.visit(.keyInput, layer, read)
    let valued = run.visit(.valueInput, layer, keyed)
    let made = fused(
      weights.query(asking, on: tape), weights.key(keyed, on: tape),
      weights.value(valued, on: tape),
      layer, in: run)
    var q = run.visit(.queryOutput, layer, made.q)
    var k = run.visit(.keyOutput, layer, made.k)
    let v = run.visit(.valueOutput, layer, made.v)
    if let rotary {
      let angles = rotary.angles(below: batch.longest)
      let places = queries.map { $0.map { batch.positions[$0] } } ?? batch.positions
      q = tape.rotate(q, headWidth: shape.headWidth, positions: places, angles: angles)
      k = tape.rotate(k, headWidth: shape.headWidth, positions: batch.positions, angles: angles)
    }
    if run.keepsKeyValues {
      run.kept.keys.append(k.value)
      run.kept.values.append(v.value)
    }
    let layout = batch.attention(shape, queries: queries)
    let probabilities = run.visit(
      .attentionWeight, layer,
      tape.attentionWeights(
        q, keys: k, prefix: run.prefix?.keys[layer], scale: Scalar(shape.attentionScales[layer]),
        layout: layout))
    let mixed = run.visit(
      .attentionValueOutput, layer,
      tape.attentionMix(
        probabilities, values: v, prefix: run.prefix?.values[layer], layout: layout))
    return weights.attentionOutput(mixed, on: tape)
  }

  /// Queries, keys and values as one value where that is shown.
  private func fused(
    _ q: Variable<Scalar>, _ k: Variable<Scalar>, _ v: Variable<Scalar>, _ layer: Int,
    in run: Run<Scalar>
  ) -> (q: Variable<Scalar>, k: Variable<Scalar>, v: Variable<Scalar>) {
    guard shown.contains(.qkvOutput), q.value.rows == k.value.rows else { return (q, k, v) }
    let (tape, width, keyWidth) = (run.tape, shape.queryWidth, shape.keyWidth)
    var all = Variable(Tensor<Scalar>(zeros: [q.value.rows, width + 2 * keyWidth]))
    all = tape.replaceColumns(all, 0..<width, with: q)
    all = tape.replaceColumns(all, width..<width + keyWidth, with: k)
    all = tape.replaceColumns(all, width + keyWidth..<width + 2 * keyWidth, with: v)
    all = run.visit(.qkvOutput, layer, all)
    return (
      tape.columns(all, 0..<width), tape.columns(all, width..<width + keyWidth),
      tape.columns(all, width + keyWidth..<width + 2 * keyWidth)
    )
  }

  /// What the MLP adds to the stream; rows that will be replaced hold anything.
  private func mlp(
    _ middle: Variable<Scalar>, _ layer: Int, in run: Run<Scalar>
  ) -> Variable<Scalar> {
    guard let needed = run.neededRows(.mlpOutput, layer, of: middle.value.rows) else {
      return wholeMLP(middle, layer, in: run)
    }
    let made = wholeMLP(run.tape.rows(middle, needed), layer, in: run)
    return run.tape.replaceRows(middle, needed, with: made)
  }

  private func wholeMLP(
    _ middle: Variable<Scalar>, _ layer: Int, in run: Run<Scalar>
  ) -> Variable<Scalar> {
    let (tape, weights) = (run.tape, layers[layer])
    let read = run.visit(.mlpInput, layer, weights.mlpNorm(middle, on: tape))
    func active(_ x: Variable<Scalar>) -> Variable<Scalar> {
      let read = run.visit(.mlpPreactivation, layer, x)
      return run.visit(.mlpActivation, layer, tape.activate(read, shape.mlp.activation))
    }
    guard let gate = weights.gate else {
      return weights.down(active(weights.up(read, on: tape)), on: tape)
    }
    let gated = active(gate(read, on: tape))
    let upRead = run.visit(.mlpUpInput, layer, read)
    let up = run.visit(.mlpUpOutput, layer, weights.up(upRead, on: tape))
    let product = run.visit(.mlpProduct, layer, tape.multiply(gated, up))
    return weights.down(product, on: tape)
  }
}
