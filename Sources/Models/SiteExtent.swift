public import Tensors

/// How many positions a batch's examples have at a site.
public enum SiteExtent: Sendable, Hashable {
  /// As many as what the model is run on; of an encoder-decoder, as the decoder's tokens.
  case inputs
  /// As many as what the encoder reads.
  case encoder
  /// The same in every example, such as an image's patches.
  case fixed(Int)
  /// One for each pixel of what windows make of the image, one after another.
  case pixels([ImageWindow])
  /// One for each pixel of an image of this size, whatever the inputs' is.
  case parts(ImageSize)

  /// Whether rows are pixels, so that the published value is `[examples, channels, height, width]`.
  public var isImage: Bool {
    switch self {
    case .pixels, .parts: true
    case .inputs, .encoder, .fixed: false
    }
  }
}

/// How many positions each example of a batch has, and of images how large they are.
public struct InputLengths: Sendable, Equatable {
  /// Of what the model is run on; of an encoder-decoder, of the decoder's tokens.
  public var inputs: [Int]
  /// Of what the encoder reads.
  public var encoder: [Int]
  /// The size of each image; nil where the inputs are none.
  public var images: [ImageSize]?

  public init(_ inputs: [Int], encoder: [Int]? = nil, images: [ImageSize]? = nil) {
    (self.inputs, self.encoder, self.images) = (inputs, encoder ?? inputs, images)
  }

  /// The number of examples.
  public var count: Int { inputs.count }

  public subscript(extent: SiteExtent) -> [Int] {
    switch extent {
    case .inputs: inputs
    case .encoder: encoder
    case .fixed(let count): Array(repeating: count, count: inputs.count)
    case .pixels, .parts: images(at: extent)?.map(\.count) ?? inputs
    }
  }

  /// The size of each example's image at a site; nil where there is none.
  public func images(at extent: SiteExtent) -> [ImageSize]? {
    switch extent {
    case .inputs, .encoder, .fixed: nil
    case .pixels(let windows):
      images?.map { windows.reduce($0) { image, window in window.size(of: image) } }
    case .parts(let size): inputs.map { _ in size }
    }
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
