internal import Tensors

/// What a changed run of one example continues from.
struct ConeState<Scalar: Real>: Sendable {
  /// What the unchanged run has where the cone begins: the rows of a stream that enter a block or a
  /// stage, or the states before a step, `[layers, width]`.
  let entering: Tensor<Scalar>
  /// Keys and values of the positions before the cone, by layer from the cone's first on,
  /// `[positions, keyHeads · headWidth]`; none where the cone has every position.
  var keys: [Tensor<Scalar>] = []
  var values: [Tensor<Scalar>] = []
  /// What an encoder gave, `[rows, width]`; nil of models without one and where it runs again.
  var memory: Tensor<Scalar>?

  /// All of them, in a fixed order.
  var tensors: [Tensor<Scalar>] { [entering] + keys + values + (memory.map { [$0] } ?? []) }
}
