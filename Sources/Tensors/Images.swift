internal import CKernels

/// The pixels of an image, row by row: pixel (y, x) is number `y · width + x`.
public struct ImageSize: Sendable, Hashable {
  /// Rows of pixels.
  public var height: Int
  /// Pixels of a row.
  public var width: Int

  /// An image of so many rows and columns.
  public init(height: Int, width: Int) { (self.height, self.width) = (height, width) }

  /// The number of pixels.
  public var count: Int { height * width }
}

/// A square window that slides over images.
public struct ImageWindow: Sendable, Hashable {
  /// Pixels of a side.
  public var size: Int
  /// Pixels from one place of the window to the next.
  public var stride: Int
  /// Pixels that the window goes beyond each edge.
  public var padding: Int

  /// - Precondition: `size` and `stride` are above 0, and no window lies beyond the edge as a whole.
  public init(size: Int, stride: Int = 1, padding: Int = 0) {
    precondition(size > 0 && stride > 0 && padding >= 0 && padding < size, "a window of \(size)")
    (self.size, self.stride, self.padding) = (size, stride, padding)
  }

  /// The places of the window on an image, one a pixel of the result: ⌊(n + 2p − size) / stride⌋ + 1.
  public func size(of image: ImageSize) -> ImageSize {
    func places(_ pixels: Int) -> Int { max(0, pixels + 2 * padding - size + stride) / stride }
    return ImageSize(height: places(image.height), width: places(image.width))
  }

  /// Whether it gives every pixel as it is.
  var isIdentity: Bool { size == 1 && stride == 1 }
}

/// A window on one image of a batch.
public struct SlidingWindow: Sendable {
  let window: ImageWindow
  let image: ImageSize
  let result: ImageSize
  let channels: Int

  init(_ window: ImageWindow, on image: ImageSize, channels: Int) {
    self.init(window, on: image, to: window.size(of: image), channels: channels)
  }

  /// - Parameter window: Of no meaning where an image is cut into parts.
  init(
    _ window: ImageWindow = ImageWindow(size: 1), on image: ImageSize, to result: ImageSize,
    channels: Int
  ) {
    (self.window, self.image, self.result, self.channels) = (window, image, result, channels)
  }

  func withKernelWindow(_ body: (UnsafePointer<ck_window>) -> Void) {
    var kernel = ck_window(
      height: image.height, width: image.width, channels: channels, size: window.size,
      stride: window.stride, padding: window.padding, out_height: result.height,
      out_width: result.width)
    body(&kernel)
  }
}

extension Tensor {
  /// What each place of a window sees of an image, `[height · width, channels]` to
  /// `[places, size · size · channels]`; zeros beyond the edge.
  public func unfolded(_ window: ImageWindow, image: ImageSize) -> Tensor {
    precondition(rows == image.count, "\(shape) for an image of \(image)")
    if window.isIdentity { return self }
    let sliding = SlidingWindow(window, on: image, channels: width)
    return Tensor([sliding.result.count, window.size * window.size * width]) {
      Scalar.unfold(sliding, unsafePointer, $0)
    }
  }

  /// The transpose of `unfolded`: each pixel's sum over the places that saw it.
  public func folded(_ window: ImageWindow, image: ImageSize) -> Tensor {
    if window.isIdentity { return self }
    let channels = width / (window.size * window.size)
    let sliding = SlidingWindow(window, on: image, channels: channels)
    precondition(rows == sliding.result.count, "\(shape) of an image of \(image)")
    return Tensor([image.count, channels]) {
      $0.update(repeating: 0, count: image.count * channels)
      Scalar.fold(sliding, unsafePointer, $0)
    }
  }

  /// The largest number of each channel at each place of a window, `[places, channels]`, and the
  /// pixels that have them.
  public func maxPooled(
    _ window: ImageWindow, image: ImageSize
  ) -> (values: Tensor, pixels: [Int32]) {
    precondition(rows == image.count, "\(shape) for an image of \(image)")
    let sliding = SlidingWindow(window, on: image, channels: width)
    let count = sliding.result.count * width
    var values = self
    let pixels = [Int32](unsafeUninitializedCapacity: count) { pixels, filled in
      values = Tensor([sliding.result.count, width]) { values in
        guard let from = pixels.baseAddress, count > 0 else { return }
        Scalar.maxPool(sliding, unsafePointer, values, from: from)
      }
      filled = count
    }
    return (values, pixels)
  }

  /// The transpose of `maxPooled`: each number goes to the pixel that was the largest.
  public func unpooled(_ window: ImageWindow, image: ImageSize, pixels: [Int32]) -> Tensor {
    precondition(count == pixels.count, "\(shape) of \(pixels.count) pixels")
    let sliding = SlidingWindow(window, on: image, channels: width)
    return Tensor([image.count, width]) { to in
      to.update(repeating: 0, count: image.count * width)
      pixels.withUnsafeBufferPointer {
        guard let from = $0.baseAddress else { return }
        Scalar.maxPoolGradient(sliding, unsafePointer, from: from, to)
      }
    }
  }

  /// The mean of each channel over each part of an image that is cut into `parts`,
  /// `[parts.count, channels]`.
  public func averagePooled(image: ImageSize, parts: ImageSize) -> Tensor {
    precondition(rows == image.count, "\(shape) for an image of \(image)")
    let cut = SlidingWindow(on: image, to: parts, channels: width)
    return Tensor([parts.count, width]) { Scalar.averagePool(cut, unsafePointer, $0) }
  }

  /// The transpose of `averagePooled`.
  public func spread(image: ImageSize, parts: ImageSize) -> Tensor {
    precondition(rows == parts.count, "\(shape) for \(parts)")
    let cut = SlidingWindow(on: image, to: parts, channels: width)
    return Tensor([image.count, width]) {
      $0.update(repeating: 0, count: image.count * width)
      Scalar.averagePoolGradient(cut, unsafePointer, $0)
    }
  }

  /// Each row as a matrix of so many rows, transposed: `[n, a, b]` to `[n, b, a]`.
  public func transposedEach(rows inner: Int) -> Tensor {
    precondition(inner > 0 && width.isMultiple(of: inner), "rows of \(width) as \(inner) rows")
    let columns = width / inner
    return Tensor([rows, columns, inner]) { to in
      for row in 0..<rows {
        Scalar.transpose(
          rows: inner, width: columns, unsafePointer + row * width, to + row * width)
      }
    }
  }
}
