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

    let attended = run.visit(
      .attentionOutput, layer, attended(read, layer, queries, in: run))
    let middle = tape.add(wanted, attended)
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
    var q = run.visit(.queryOutput, layer, weights.query(asking, on: tape))
    var k = run.visit(.keyOutput, layer, weights.key(read, on: tape))
    let v = run.visit(.valueOutput, layer, weights.value(read, on: tape))
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
    let up = weights.up(read, on: tape)
    guard let gate = weights.gate else {
      let active = tape.activate(up, shape.mlp.activation)
      return weights.down(run.visit(.mlpActivation, layer, active), on: tape)
    }
    let active = tape.activate(gate(read, on: tape), shape.mlp.activation)
    let product = tape.multiply(run.visit(.mlpActivation, layer, active), up)
    return weights.down(product, on: tape)
  }
}
