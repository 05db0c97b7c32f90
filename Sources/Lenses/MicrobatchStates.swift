internal import Autodiff
internal import Models
internal import Tensors

/// The activations of a few texts at one site of one layer, ready to be ablated.
struct MicrobatchStates: Sendable {
  let lengths: [Int]
  /// The rows that count, of all rows of the texts: their activations are ablated, and the change
  /// of their logits is measured.
  let kept: [Int]
  /// The stream that enters the block, `[rows, width]`.
  let stream: Tensor<Float>
  /// The activations at the rows that count, `[kept, width of the site]`.
  let states: Tensor<Float>
  /// What stands in for the whole activations, less them, `[kept, width of the site]`.
  var change: Tensor<Float>
  /// The logits without ablation, `[kept, vocabulary]`; nil where they are made anew each time.
  let base: Tensor<Float>?

  /// Reads the activations; their change is yet to be known.
  ///
  /// - Parameter memory: Bytes that logits may take.
  init(
    _ probe: AblationProbe, lengths: [Int], kept: [Int], stream: Tensor<Float>, memory: Int
  ) {
    (self.lengths, self.kept, self.stream) = (lengths, kept, stream)
    var all = stream
    if probe.site != .blockInput {
      let run = Run<Float>(Batch(lengths: lengths)) { site, _, x in
        if site == probe.site { all = x.value }
        return x
      }
      _ = probe.model.block(probe.layer, Variable(stream), in: run)
    }
    states = kept.count < all.rows ? all.gathered(kept) : all
    change = states
    let bytes = kept.count * probe.model.shape.vocabulary * MemoryLayout<Float>.stride
    base = bytes <= memory ? probe.logits(stream, lengths: lengths, kept: kept) : nil
  }
}

/// Measures what ablating directions does to the logits of a microbatch.
struct AblationProbe: Sendable {
  let model: DecoderModel<Float>
  let lens: HiddenLens
  let site: Site
  let layer: Int

  /// How far the logits move, summed over the rows that count.
  struct Effect: Sendable {
    /// Σ KL(p ‖ q), in nats; p without the ablation, q with it.
    let divergence: Double
    /// Its derivative by each element of the directions; empty if not asked for.
    let gradient: [Double]
  }

  /// Ablates the span of orthonormal directions.
  ///
  ///     u′ = u + Σ v (v · (t − u)),  t what stands in for u
  ///
  /// - Parameter directions: `[directions, width of the site]`.
  func effect(
    of directions: Tensor<Float>, on batch: MicrobatchStates, withGradient: Bool
  ) -> Effect {
    let tape = Tape<Float>()
    let v = withGradient ? tape.leaf(directions) : Variable(directions)
    let along = tape.matrixProduct(Variable(batch.change), transposed: v)
    let changed = tape.add(Variable(batch.states), tape.matrixProduct(along, v))
    let base = batch.base ?? logits(batch.stream, lengths: batch.lengths, kept: batch.kept)
    let divergence = tape.klDivergence(
      logits(changed, of: batch, on: tape), from: Variable(base))
    let rows = Double(batch.kept.count)
    guard withGradient else {
      return Effect(divergence: Double(divergence.value.scalar) * rows, gradient: [])
    }
    let gradient = tape.gradients(of: divergence, at: [v])[0]
    return Effect(
      divergence: Double(divergence.value.scalar) * rows,
      gradient: gradient.elements.map { Double($0) * rows })
  }

  /// The logits of the rows that count without ablation, from the stream that enters the layer.
  func logits(_ stream: Tensor<Float>, lengths: [Int], kept: [Int]) -> Tensor<Float> {
    let tape = Tape<Float>()
    let read = { (x: Tensor<Float>) in Variable(kept.count < x.rows ? x.gathered(kept) : x) }
    if let logits = lens.logits(read(stream), layer: layer, model, on: tape) {
      return logits.value
    }
    let run = Run<Float>(Batch(lengths: lengths), tape: tape)
    let last = model.blocks(layer..<model.shape.layers, Variable(stream), in: run)
    return model.logits(read(last.value), on: tape).value
  }

  /// The logits of the rows that count, their activations replaced by `states`.
  private func logits(
    _ states: Variable<Float>, of batch: MicrobatchStates, on tape: Tape<Float>
  ) -> Variable<Float> {
    if let logits = lens.logits(states, layer: layer, model, on: tape) { return logits }
    let run = Run<Float>(Batch(lengths: batch.lengths), tape: tape) { site, layer, x in
      guard site == self.site, layer == self.layer else { return x }
      guard batch.kept.count < x.value.rows else { return states }
      return tape.replaceRows(x, batch.kept, with: states)
    }
    let last = model.blocks(layer..<model.shape.layers, Variable(batch.stream), in: run)
    let wanted =
      batch.kept.count < last.value.rows ? tape.rows(last, batch.kept) : last
    return model.logits(wanted, on: tape)
  }
}
