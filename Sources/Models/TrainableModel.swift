public import Autodiff
public import Inputs
internal import Tensors

/// A model whose own weights can be read, replaced and trained.
public protocol TrainableModel<Scalar>: IntervenableModel {
  /// The weights as they are published. Made anew at each call, as large as the model.
  var weights: NamedWeights<Scalar> { get }

  /// The same model over other weights, of the same names and shapes.
  ///
  /// - Parameters:
  ///   - weights: Constants are packed for products; variables of the tape stay on it.
  ///   - tape: Records how the model's matrices follow from the weights' published layout.
  func with(_ weights: NamedWeights<Scalar>, on tape: Tape<Scalar>) -> Self

  /// What the model can be run on.
  var inputLimits: InputLimits { get }

  /// The model with its positions' embeddings added to its tokens', where that is a caller's choice;
  /// itself of all others.
  var addingPositions: Self { get }
}

extension TrainableModel {
  public var addingPositions: Self { self }

  /// The model with its weights as leaves of a tape, and those leaves.
  ///
  /// Run it on the same tape; `tape.gradients(of: loss, at: weights.all)` then has the gradients in
  /// the published layout.
  public func trainable(
    on tape: Tape<Scalar>
  ) -> (model: Self, weights: NamedWeights<Scalar>) {
    let leaves = weights.leaves(on: tape)
    return (with(leaves, on: tape), leaves)
  }

  /// Refuses inputs that the model cannot be run on.
  public func check(_ inputs: ModelInputs<Scalar>) throws(Refusal) {
    try inputLimits.check(inputs)
  }
}
