public import Autodiff
public import Tensors

extension DecoderModel: SelfFedModel {
  /// The embeddings of all tokens; nil where positions see what follows them.
  public var fedEmbeddings: FrozenLinear<Scalar>? {
    shape.isCausal ? FrozenLinear(embeddingMatrix) : nil
  }

  /// The logits of each example's last position, past the prompts over the given inputs.
  public func lastLogits(
    _ tokens: [[Int]], prompts: [Int], inputs: [Variable<Scalar>], on tape: Tape<Scalar>,
    visit: @escaping (SiteValue<Scalar>) -> Variable<Scalar>
  ) -> Variable<Scalar> {
    let batch = Batch(lengths: tokens.map(\.count))
    let places = RowPlaces(batch)
    let run = Run<Scalar>(batch, tape: tape) { site, layer, value in
      visit(SiteValue(site: site, layer: layer, value: value, places: places))
    }
    var embeddings = tokenEmbeddings(tokens.flatMap(\.self), on: tape)
    for (step, input) in inputs.enumerated() {
      let rows = prompts.enumerated().map {
        batch.row(sequence: $0.offset, position: $0.element + step)
      }
      embeddings = tape.replaceRows(embeddings, rows, with: input)
    }
    let stream = blocks(0..<shape.layers, self.stream(of: embeddings, in: run), in: run)
    return logits(stream, of: batch.sequences.map { $0.rows.upperBound - 1 }, in: run)
  }
}
