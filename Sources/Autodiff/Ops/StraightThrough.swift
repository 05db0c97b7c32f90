public import Tensors

extension Tape {
  /// The value of `hard` with the gradient of `soft`. Bengio et al., 2013,
  /// <https://arxiv.org/abs/1308.3432>.
  public func straightThrough(
    hard: Tensor<Scalar>, soft: Variable<Scalar>
  ) -> Variable<Scalar> {
    precondition(hard.shape == soft.shape, "straightThrough: \(hard.shape) for \(soft.shape)")
    return record(hard, from: [soft]) { g in [g] }
  }

  /// The same value, through which no gradient passes.
  public func detach(_ x: Variable<Scalar>) -> Variable<Scalar> { Variable(x.value) }
}
