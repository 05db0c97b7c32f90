public import Autodiff
public import Tensors

extension GRUModel: SelfFedModel {
  /// The embeddings of all tokens; nil of classifiers, of models that read embeddings, and where
  /// positions are added.
  public var fedEmbeddings: FrozenLinear<Scalar>? {
    guard case .languageModel = shape.head, shape.hasEmbeddings, !addsPositions,
      let embeddings = weights["gru.wte.weight"]
    else { return nil }
    return FrozenLinear(PackedMatrix(embeddings.value))
  }

  /// The logits of each example's last step, past the prompts over the given inputs.
  public func lastLogits(
    _ tokens: [[Int]], prompts: [Int], inputs: [Variable<Scalar>], on tape: Tape<Scalar>,
    visit: @escaping (SiteValue<Scalar>) -> Variable<Scalar>
  ) -> Variable<Scalar> {
    let all = run(.tokens(tokens), on: tape) { here in
      guard here.site == .cellInput, here.layer == 0 else { return visit(here) }
      let fed = fed(here, prompts, inputs, on: tape)
      return visit(SiteValue(site: here.site, layer: here.layer, value: fed, places: here.places))
    }
    let ends = tokens.indices.map { tokens[...$0].reduce(0) { $0 + $1.count } }
    return all.value.rows == tokens.count ? all : tape.rows(all, ends.map { $0 - 1 })
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
