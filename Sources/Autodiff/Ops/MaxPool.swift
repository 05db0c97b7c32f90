public import Tensors

extension Tape {
  /// The largest number of each channel at each place of a window that slides over each image; its
  /// gradient goes to the first pixel that has it.
  ///
  /// - Parameters:
  ///   - x: The pixels of all images below each other, `[pixels, channels]`.
  ///   - images: The size of each image.
  ///   - window: What it has beyond the edge is no candidate.
  public func maxPool(
    _ x: Variable<Scalar>, images: [ImageSize], window: ImageWindow
  ) -> Variable<Scalar> {
    let pooled = images.cut(x.value).map { $0.maxPooled(window, image: $1) }
    let pixels = x.isTracked ? pooled.map(\.pixels) : []
    return record(.concatenated(pooled.map(\.values)), from: [x]) { g in
      let parts = images.map(window.size(of:)).cut(g)
      return [
        .concatenated(
          images.indices.map {
            parts[$0].rows.unpooled(window, image: images[$0], pixels: pixels[$0])
          })
      ]
    }
  }
}
