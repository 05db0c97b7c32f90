internal import Autodiff
public import Tensors

/// An attention with its weights.
public struct Attention<Scalar: Real>: Sendable {
  let shape: AttentionShape
  let query, key, value, output: Linear<Scalar>
  let queryNorm, keyNorm: QueryKeyNorm<Scalar>?
  let sinks: Variable<Scalar>?
  let bias: AttentionBias<Scalar>?
  let rotary: RotaryTable<Scalar>?

  /// What makes scores of products in a batch.
  func scores(_ layout: AttentionLayout, on tape: Tape<Scalar>) -> AttentionScores<Scalar> {
    AttentionScores(
      scale: Scalar(shape.scale), softCap: shape.softCap.map { Scalar($0) },
      bias: bias?.scores(reach: layout.reach, on: tape), sinks: sinks)
  }

  /// Queries, keys or values cut at the model's bound, if it has one.
  func clipped(_ x: Variable<Scalar>, on tape: Tape<Scalar>) -> Variable<Scalar> {
    shape.clip.map { tape.clamp(x, from: -Scalar($0), to: Scalar($0)) } ?? x
  }
}
