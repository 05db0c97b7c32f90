internal import Autodiff
internal import Models
internal import Tensors

/// A language model whose inputs past the prompt are embeddings on a tape.
struct SelfFedModel<Scalar: Real> {
  private enum Family {
    case decoder(DecoderModel<Scalar>)
    case recurrent(GRUModel<Scalar>)
  }

  private let family: Family
  /// The embeddings of all tokens, as a map from weights of tokens to their mean.
  private let table: FrozenLinear<Scalar>
  let limits: InputLimits

  init(_ decoder: DecoderModel<Scalar>) {
    family = .decoder(decoder)
    limits = decoder.inputLimits
    table = FrozenLinear(decoder.embeddingMatrix)
  }

  init(_ recurrent: GRUModel<Scalar>) {
    family = .recurrent(recurrent)
    limits = recurrent.inputLimits
    guard let embeddings = recurrent.weights["gru.wte.weight"], !recurrent.addsPositions else {
      preconditionFailure("a recurrent model that feeds itself has token embeddings alone")
    }
    table = FrozenLinear(PackedMatrix(embeddings.value))
  }

  /// The mean of all embeddings with the given weights, `[examples, vocabulary]` to
  /// `[examples, width]`.
  ///
  ///     y = weights · E        ∂L/∂weights = g Eᵀ
  func embedding(of weights: Variable<Scalar>, on tape: Tape<Scalar>) -> Variable<Scalar> {
    let table = table
    return tape.record(table.transposedProduct(weights.value), from: [weights]) { g in
      [table(g)]
    }
  }

  /// The logits of each example's last position, `[examples, vocabulary]`.
  ///
  /// - Parameters:
  ///   - tokens: Of the whole sequences; those past the prompts only say how long they are.
  ///   - prompts: The lengths of the prompts.
  ///   - inputs: For each position past the prompts what is read there, `[examples, width]`.
  func logits(
    _ tokens: [[Int]], _ prompts: [Int], _ inputs: [Variable<Scalar>], on tape: Tape<Scalar>,
    visit: @escaping (SiteValue<Scalar>) -> Variable<Scalar>
  ) -> Variable<Scalar> {
    switch family {
    case .decoder(let model):
      let batch = Batch(lengths: tokens.map(\.count))
      let places = RowPlaces(batch)
      let run = Run<Scalar>(batch, tape: tape) { site, layer, value in
        visit(SiteValue(site: site, layer: layer, value: value, places: places))
      }
      var embeddings = model.tokenEmbeddings(tokens.flatMap(\.self), on: tape)
      for (step, input) in inputs.enumerated() {
        let rows = prompts.enumerated().map {
          batch.row(sequence: $0.offset, position: $0.element + step)
        }
        embeddings = tape.replaceRows(embeddings, rows, with: input)
      }
      let stream = model.blocks(
        0..<model.shape.layers, model.stream(of: embeddings, in: run), in: run)
      let lasts = batch.sequences.map { $0.rows.upperBound - 1 }
      return model.logits(stream, of: lasts, in: run)
    case .recurrent(let model):
      let all = model.run(.tokens(tokens), on: tape) { here in
        guard here.site == .cellInput, here.layer == 0 else { return visit(here) }
        let fed = fed(here, prompts, inputs, on: tape)
        return visit(
          SiteValue(site: here.site, layer: here.layer, value: fed, places: here.places))
      }
      return ModelRunner.lastRows(all, tokens.map(\.count), on: tape)
    }
  }

  /// What the first cell reads at a step, past the prompts the given inputs.
  private func fed(
    _ here: SiteValue<Scalar>, _ prompts: [Int], _ inputs: [Variable<Scalar>],
    on tape: Tape<Scalar>
  ) -> Variable<Scalar> {
    var value = here.value
    for (example, prompt) in prompts.enumerated() {
      for position in here.places.positions(of: example) where position >= prompt {
        guard let row = here.places.row(example: example, position: position) else { continue }
        value = tape.replaceRows(
          value, [row], with: tape.rows(inputs[position - prompt], [example]))
      }
    }
    return value
  }
}
