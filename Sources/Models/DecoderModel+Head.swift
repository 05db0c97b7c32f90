internal import Autodiff
public import Tensors

extension DecoderModel {
  /// The output head's matrix, `[vocabulary, width]`; copied out of the panels if packed.
  public var headMatrix: Tensor<Scalar> {
    end.matrix?.weight ?? Tensor(zeros: [0, shape.width])
  }

  /// The embeddings of all tokens as the stream has them, `[vocabulary, width]`.
  public var embeddingMatrix: PackedMatrix<Scalar> {
    if case .packed(let matrix) = front.tokens, front.shape.scale == nil, front.projection == nil {
      return matrix
    }
    return PackedMatrix(tokenEmbeddings(Array(0..<shape.vocabulary), on: Tape()).value)
  }
}
