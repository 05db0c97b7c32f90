public import Tensors

/// The keys and values of every layer of a run, which other runs continue from.
public struct KeyValues<Scalar: Real>: Sendable {
  /// By layer, `[rows, keyHeads · headWidth]`, after any rotation.
  public var keys: [Tensor<Scalar>]
  public var values: [Tensor<Scalar>]

  public init(keys: [Tensor<Scalar>] = [], values: [Tensor<Scalar>] = []) {
    self.keys = keys
    self.values = values
  }
}
