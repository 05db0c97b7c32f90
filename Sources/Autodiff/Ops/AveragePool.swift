public import Tensors

extension Tape {
  /// The mean of each channel over each of the parts that every image is cut into, whatever its size.
  ///
  /// Part o of n along an axis of m pixels is `⌊o · m / n⌋ ..< ⌈(o + 1) · m / n⌉`, so parts overlap
  /// where n does not divide m. `∂L/∂x` is each part's gradient over its number of pixels.
  ///
  /// - Parameters:
  ///   - x: The pixels of all images below each other, `[pixels, channels]`.
  ///   - images: The size of each image.
  /// - Returns: `[images · parts, channels]`.
  public func averagePool(
    _ x: Variable<Scalar>, images: [ImageSize], parts: ImageSize
  ) -> Variable<Scalar> {
    let y = images.cut(x.value).map { $0.averagePooled(image: $1, parts: parts) }
    return record(.concatenated(y), from: [x]) { g in
      let each = images.map { _ in parts }.cut(g)
      return [
        .concatenated(zip(each, images).map { $0.0.spread(image: $1, parts: parts) })
      ]
    }
  }
}
