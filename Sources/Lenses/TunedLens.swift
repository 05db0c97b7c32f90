internal import Autodiff
internal import Tensors

/// Affine maps, one for each layer, from the state that enters it to a guess of the last state.
///
///     lens(h, l) = h + Wₗ h + bₗ
///
/// The map is added to the state, so that weights of zero are the logit lens.
///
/// Belrose et al., 2023, <https://arxiv.org/abs/2303.08112>, equation 8.
public struct TunedLens: Sendable, Equatable {
  /// The map of one layer.
  public struct Translator: Sendable, Equatable {
    /// `[width, width]`, row-major: outputs by inputs.
    public let weight: [Float]
    /// `[width]`; nil in lenses without biases.
    public let bias: [Float]?

    /// A map of these weights.
    public init(weight: [Float], bias: [Float]?) { (self.weight, self.bias) = (weight, bias) }
  }

  /// Of the model's residual stream.
  public let width: Int
  /// The model that the lens was made for, as its maker called it.
  public let model: String
  /// For the state that enters each layer; as many as the model has layers.
  public let translators: [Translator]

  /// A lens of these maps.
  public init(width: Int, model: String, translators: [Translator]) {
    precondition(
      translators.allSatisfy {
        $0.weight.count == width * width && ($0.bias.map { $0.count == width } ?? true)
      }, "translators of width \(width)")
    (self.width, self.model, self.translators) = (width, model, translators)
  }

  /// Maps that change nothing.
  package static func identity(
    layers: Int, width: Int, hasBias: Bool
  ) -> [Translator] {
    let zero = Translator(
      weight: Array(repeating: 0, count: width * width),
      bias: hasBias ? Array(repeating: 0, count: width) : nil)
    return Array(repeating: zero, count: layers)
  }
}

extension TunedLens.Translator {
  /// The last state as the map guesses it, `[rows, width]`.
  func callAsFunction(_ states: Variable<Float>, on tape: Tape<Float>) -> Variable<Float> {
    let width = states.value.width
    let map = FrozenLinear(
      PackedMatrix(Tensor([width, width], weight)), bias: bias.map { Tensor([width], $0) })
    return tape.add(states, tape.linear(states, map))
  }
}
