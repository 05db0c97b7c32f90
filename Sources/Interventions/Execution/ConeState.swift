internal import Tensors

/// What a changed run of one example continues from: the unchanged run's stream where the cone
/// begins, and its keys and values at the positions before.
struct ConeState<Scalar: Real>: Sendable {
  /// Positions of the example.
  let length: Int
  /// The first position in the cone.
  let firstPosition: Int
  /// The stream entering the cone's first layer, `[length - firstPosition, width]`.
  let entering: Tensor<Scalar>
  /// By layer from the cone's first on, `[firstPosition, keyHeads · headWidth]`; none where the cone
  /// has every position.
  let keys: [Tensor<Scalar>]
  let values: [Tensor<Scalar>]
}
