public import Autodiff
internal import Tensors

extension DecoderModel {
  /// Runs one block on the residual stream, `[rows, width]`, and returns the new stream.
  ///
  /// - Parameter queries: The rows that are wanted after the block, all unless said. Keys and
  ///   values are made for every row; everything else only for these, which are what the result
  ///   and every later site hold.
  public func block(
    _ layer: Int, _ x: Variable<Scalar>, in run: Run<Scalar>, queries: [Int]? = nil
  ) -> Variable<Scalar> {
    let (tape, weights, shape) = (run.tape, layers[layer], shape.blocks[layer])
    var x = run.visit(.blockInput, layer, x)
    let spansStream = shape.attentionSpan == .stream
    if spansStream { x = run.visit(.attentionInput, layer, x) }
    let isNormed = shape.order != .postNorm && shape.order != .outputNorm
    var read = isNormed ? weights.attentionNorm.map { $0(x, on: tape) } ?? x : x
    if !spansStream { read = run.visit(.attentionInput, layer, read) }
    let (added, seen) = attended(read, layer, queries, in: run)
    // Published blocks add to the value that attention read, where there is no norm between.
    let entering = isNormed ? x : seen
    let wanted = queries.map { tape.rows(entering, $0) } ?? entering
    if case .parallel = shape.order {
      return parallel(layer, wanted, added, read: seen, queries, in: run)
    }

    let middle = crossed(middle(wanted, added, layer, in: run), layer, queries, in: run)
    let (changed, passed) = mlp(middle, isNormed ? weights.mlpNorm : nil, layer, in: run)
    let out = out(isNormed ? middle : passed, changed, layer, in: run)
    return run.visit(.blockOutput, layer, out)
  }

  /// The stream after attention, by where the block's norms stand.
  private func middle(
    _ x: Variable<Scalar>, _ attended: Variable<Scalar>, _ layer: Int, in run: Run<Scalar>
  ) -> Variable<Scalar> {
    let (tape, weights, shape) = (run.tape, layers[layer], shape.blocks[layer])
    switch (shape.order, shape.attentionSpan) {
    case (.postNorm, let span):
      let sum = tape.add(attended, x)
      return run.visit(
        span == .stream ? .attentionOutput : .residualMiddle, layer,
        weights.attentionNorm.map { $0(sum, on: tape) } ?? sum)
    case (_, .stream): return run.visit(.attentionOutput, layer, tape.add(attended, x))
    default:
      let added = weights.attentionOutputNorm.map { $0(attended, on: tape) } ?? attended
      return run.visit(.residualMiddle, layer, tape.add(x, added))
    }
  }

  /// The stream after the feed-forward network.
  private func out(
    _ middle: Variable<Scalar>, _ changed: Variable<Scalar>, _ layer: Int, in run: Run<Scalar>
  ) -> Variable<Scalar> {
    let (tape, weights, shape) = (run.tape, layers[layer], shape.blocks[layer])
    if shape.order == .postNorm {
      let sum = tape.add(changed, middle)
      return weights.mlpNorm.map { $0(sum, on: tape) } ?? sum
    }
    let added = weights.mlpOutputNorm.map { $0(changed, on: tape) } ?? changed
    let sum = tape.add(middle, added)
    return shape.mlpSpan == .stream ? run.visit(.mlpOutput, layer, sum) : sum
  }

  /// A block whose two parts read the same stream.
  ///
  /// Wang and Komatsuzaki, 2021, GPT-J.
  private func parallel(
    _ layer: Int, _ wanted: Variable<Scalar>, _ attended: Variable<Scalar>,
    read: Variable<Scalar>, _ queries: [Int]?, in run: Run<Scalar>
  ) -> Variable<Scalar> {
    let tape = run.tape
    let norm = layers[layer].mlpNorm
    let shared = norm == nil ? queries.map { tape.rows(read, $0) } ?? read : wanted
    let changed = mlp(shared, norm, layer, in: run).added
    return run.visit(
      .blockOutput, layer, tape.add(tape.add(attended, changed), wanted))
  }

  /// What attention adds to the wanted rows, where those that will be replaced hold anything, and what
  /// it read as later readers see it.
  private func attended(
    _ read: Variable<Scalar>, _ layer: Int, _ queries: [Int]?, in run: Run<Scalar>
  ) -> (added: Variable<Scalar>, read: Variable<Scalar>) {
    let (tape, shape) = (run.tape, shape.blocks[layer])
    let wanted = queries.map { tape.rows(read, $0) } ?? read
    guard shape.attentionSpan == .branch else {
      let (made, seen) = attention(wanted, read, layer, queries, in: run)
      return shape.order == .postNorm
        ? (run.visit(.attentionProjectionOutput, layer, made), seen) : (made, seen)
    }
    guard let needed = run.neededRows(.attentionOutput, layer, of: wanted.value.rows) else {
      let (made, seen) = attention(wanted, read, layer, queries, in: run)
      return (run.visit(.attentionOutput, layer, made), seen)
    }
    let asking = queries.map { queries in needed.map { queries[$0] } } ?? needed
    let (made, seen) = attention(tape.rows(wanted, needed), read, layer, asking, in: run)
    return (
      run.visit(.attentionOutput, layer, tape.replaceRows(wanted, needed, with: made)), seen
    )
  }

  /// What the feed-forward network adds to the stream, where rows that will be replaced hold anything,
  /// and what it read.
  private func mlp(
    _ stream: Variable<Scalar>, _ norm: Norm<Scalar>?, _ layer: Int, in run: Run<Scalar>
  ) -> (added: Variable<Scalar>, read: Variable<Scalar>) {
    let isBranch = shape.blocks[layer].mlpSpan == .branch
    // Without a norm the stream itself is read, on every row.
    let order = shape.blocks[layer].order
    let spares = isBranch && (norm != nil || order.isParallel)
    let needed = spares ? run.neededRows(.mlpOutput, layer, of: stream.value.rows) : nil
    var (made, read): (Variable<Scalar>, Variable<Scalar>)
    if let needed {
      (made, read) = wholeMLP(run.tape.rows(stream, needed), norm, layer, in: run)
      made = run.tape.replaceRows(stream, needed, with: made)
    } else {
      (made, read) = wholeMLP(stream, norm, layer, in: run)
    }
    return (isBranch ? run.visit(.mlpOutput, layer, made) : made, read)
  }

  private func wholeMLP(
    _ stream: Variable<Scalar>, _ norm: Norm<Scalar>?, _ layer: Int, in run: Run<Scalar>
  ) -> (made: Variable<Scalar>, read: Variable<Scalar>) {
    let read = run.visit(.mlpInput, layer, norm.map { $0(stream, on: run.tape) } ?? stream)
    let made = layers[layer].mlp(read, on: run.tape) { run.visit($0, layer, $1) }
    return (made, read)
  }
}
