internal import Autodiff
internal import Tensors

/// What makes rows of images: a row for the whole, which is the same for each, then one for each patch.
struct PatchEmbedding<Scalar: Real>: Sendable {
  let shape: PatchShape
  let projection: Linear<Scalar>
  /// `[1, width]`.
  let classToken: Variable<Scalar>

  init?(_ reads: DecoderShape.Front.Reads, _ held: HeldWeights<Scalar>) {
    guard case .patches(let shape) = reads,
      let projection = held.linear(.stack(.patchProjection)),
      let token = held.variable(.stack(.classToken))
    else { return nil }
    (self.shape, self.projection, classToken) = (shape, projection, token)
  }

  func callAsFunction(_ images: [Tensor<Scalar>], on tape: Tape<Scalar>) -> Variable<Scalar> {
    let patches = projection(Variable(.concatenated(images.map(patches))), on: tape)
    // The class token stands above all patches here, and before each image's in the result.
    let all = tape.concatenate([classToken, patches])
    let count = shape.count
    return tape.rows(
      all, images.indices.flatMap { image in [0] + (1...count).map { image * count + $0 } })
  }

  /// The pixels of each patch in a row, `[patches, channels · patchHeight · patchWidth]`.
  private func patches(_ image: Tensor<Scalar>) -> Tensor<Scalar> {
    let (height, width) = (shape.patchHeight, shape.patchWidth)
    let columns = shape.width / width
    return Tensor([shape.count, shape.inputs]) { to in
      let from = image.unsafePointer
      var next = to
      for patch in 0..<shape.count {
        let (y, x) = (patch / columns * height, patch % columns * width)
        for channel in 0..<shape.channels {
          for line in 0..<height {
            next.update(
              from: from + (channel * shape.height + y + line) * shape.width + x, count: width)
            next += width
          }
        }
      }
    }
  }
}
