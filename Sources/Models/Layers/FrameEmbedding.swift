internal import Autodiff
internal import Tensors

/// What makes rows of sounds: two convolutions along time, the second of which halves it.
struct FrameEmbedding<Scalar: Real>: Sendable {
  let first, second: Linear<Scalar>

  init?(_ reads: DecoderShape.Front.Reads, _ held: HeldWeights<Scalar>) {
    guard case .frames = reads, let first = held.linear(.stack(.firstConvolution)),
      let second = held.linear(.stack(.secondConvolution))
    else { return nil }
    (self.first, self.second) = (first, second)
  }

  /// - Parameter features: Each `[channels, frames]`.
  func callAsFunction(_ features: [Tensor<Scalar>], on tape: Tape<Scalar>) -> Variable<Scalar> {
    let frames = Variable(Tensor<Scalar>.concatenated(features.map { $0.transposed() }))
    let whole = convolved(
      frames, first, stride: 1, sequences: Batch(lengths: features.map(\.width)), on: tape)
    return convolved(
      whole, second, stride: 2, sequences: Batch(lengths: features.map(\.width)), on: tape)
  }

  private func convolved(
    _ x: Variable<Scalar>, _ map: Linear<Scalar>, stride: Int, sequences: Batch,
    on tape: Tape<Scalar>
  ) -> Variable<Scalar> {
    let seen = tape.unfold(
      x, kernel: FrameShape.kernel, stride: stride, sequences: sequences.sequences.map(\.rows))
    return tape.activate(map(seen, on: tape), .geluErf)
  }
}
