public import Tensors

extension DecoderShape {
  /// A packed value of equally long sequences in the order that the site's name promises.
  ///
  /// `[sequences · length, heads · headWidth]` becomes `[sequences, heads, length, headWidth]` where
  /// the site is split into heads, and stays as it is elsewhere.
  public func split<Scalar: Real>(
    _ value: Tensor<Scalar>, at site: Site, sequences: Int
  ) -> Tensor<Scalar> {
    guard site.isSplitIntoHeads, let heads = heads(of: site) else { return value }
    let (length, d) = (value.rows / sequences, headWidth)
    return Tensor([sequences, heads, length, d]) { to in
      let from = value.unsafePointer
      for s in 0..<sequences {
        for h in 0..<heads {
          for p in 0..<length {
            (to + ((s * heads + h) * length + p) * d)
              .update(from: from + (s * length + p) * heads * d + h * d, count: d)
          }
        }
      }
    }
  }
}
