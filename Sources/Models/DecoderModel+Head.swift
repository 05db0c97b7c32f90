public import Tensors

extension DecoderModel {
  /// The output head's matrix, `[vocabulary, width]`; copied out of the panels if packed.
  public var headMatrix: Tensor<Scalar> { head.weight }
}
