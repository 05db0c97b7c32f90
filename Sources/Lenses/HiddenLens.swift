internal import Autodiff
internal import Models
internal import Tensors

/// How activations are turned into the logits whose change is the energy of a direction.
public enum HiddenLens: Sendable {
  /// The rest of the model.
  case model
  /// The model's final norm and output head alone.
  ///
  /// nostalgebraist, 2020, "interpreting GPT: the logit lens".
  case logit
  /// A trained affine map, then the final norm and the output head.
  ///
  /// Belrose et al., 2023, <https://arxiv.org/abs/2303.08112>, equation 8.
  case tuned(TunedLens)

  /// The logits of states that enter a layer; nil where the whole model is needed for them.
  func logits(
    _ states: Variable<Float>, layer: Int, _ model: DecoderModel<Float>, on tape: Tape<Float>
  ) -> Variable<Float>? {
    switch self {
    case .model: nil
    case .logit: model.logits(states, on: tape)
    case .tuned(let lens):
      model.logits(lens.translators[layer](states, on: tape), on: tape)
    }
  }

  package var isModel: Bool { if case .model = self { true } else { false } }
}
