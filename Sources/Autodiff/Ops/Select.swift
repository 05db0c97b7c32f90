public import Tensors

extension Tape {
  /// Elements of `a` where the mask is not zero, elements of `b` where it is; all of one shape.
  ///
  /// Unlike a sum weighted by the mask, what is not chosen leaves no trace, even if not finite.
  public func select(
    _ mask: Tensor<Scalar>, _ a: Variable<Scalar>, _ b: Variable<Scalar>
  ) -> Variable<Scalar> {
    record(.selecting(mask, a.value, b.value), from: [a, b]) { g in
      let zeros = Tensor<Scalar>(zeros: g.shape)
      return [
        a.isTracked ? .selecting(mask, g, zeros) : nil,
        b.isTracked ? .selecting(mask, zeros, g) : nil,
      ]
    }
  }
}
