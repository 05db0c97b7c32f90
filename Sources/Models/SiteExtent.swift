public import Tensors

/// How many rows an example has at a site.
public enum SiteExtent: Sendable, Hashable {
  /// One for each position of the inputs.
  case positions
  /// One for each pixel of what windows make of the image, one after another.
  case pixels([ImageWindow])
  /// One for each pixel of an image of this size, whatever the inputs' is.
  case parts(ImageSize)
  /// One.
  case example

  /// Whether rows are pixels, so that the published value is `[examples, channels, height, width]`.
  public var isImage: Bool {
    switch self {
    case .pixels, .parts: true
    case .positions, .example: false
    }
  }

  /// The axes of an example's rows as text, since the image is the caller's: `height/4`.
  package var axes: [String] {
    switch self {
    case .pixels(let windows):
      let shrunk = windows.reduce(1) { $0 * $1.stride }
      return ["height", "width"].map { shrunk == 1 ? $0 : "\($0)/\(shrunk)" }
    case .parts(let size): return ["\(size.height)", "\(size.width)"]
    case .positions: return ["position"]
    case .example: return []
    }
  }

  /// The size of each example's image at the site; nil where there is none.
  ///
  /// - Parameter images: Of the inputs.
  public func images(of images: [ImageSize]?) -> [ImageSize]? {
    switch self {
    case .positions, .example: nil
    case .pixels(let windows):
      images?.map { windows.reduce($0) { image, window in window.size(of: image) } }
    case .parts(let size): images?.map { _ in size }
    }
  }

  /// The rows of each example at the site.
  ///
  /// - Parameters:
  ///   - positions: Of the inputs.
  ///   - images: Of the inputs, where they are images.
  public func lengths(positions: [Int], images: [ImageSize]?) -> [Int] {
    if self == .example { return positions.map { _ in 1 } }
    return self.images(of: images)?.map(\.count) ?? positions
  }
}

/// Pixels that form a rectangle.
public struct ImagePatch: Sendable, Hashable {
  /// The first row.
  public var y: Int
  /// The first column.
  public var x: Int
  /// Rows and columns.
  public var size: ImageSize

  /// A rectangle with its upper left corner at (y, x); one pixel unless said.
  public init(y: Int, x: Int, height: Int = 1, width: Int = 1) {
    (self.y, self.x, size) = (y, x, ImageSize(height: height, width: width))
  }

  /// The numbers of its pixels in an image, row by row; nil if it is not inside.
  public func positions(in image: ImageSize) -> [Int]? {
    guard y >= 0, x >= 0, size.height > 0, size.width > 0, y <= image.height - size.height,
      x <= image.width - size.width
    else { return nil }
    return (y..<y + size.height).flatMap { row in
      (x..<x + size.width).map { row * image.width + $0 }
    }
  }
}

extension Tensor {
  /// Rows that are pixels in the published order: `[examples · pixels, channels]` becomes
  /// `[examples, channels, height, width]`.
  public func imagesOfRows(_ size: ImageSize) -> Tensor {
    precondition(rows.isMultiple(of: max(1, size.count)), "\(shape) as images of \(size)")
    let (examples, channels) = (rows / max(1, size.count), width)
    return reshaped([examples, size.count, channels]).transposedEach(rows: size.count)
      .reshaped([examples, channels, size.height, size.width])
  }
}
