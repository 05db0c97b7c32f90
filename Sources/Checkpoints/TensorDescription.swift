/// A stored tensor: what it is and where its bytes lie. Made only from checked headers.
public struct TensorDescription: Sendable, Equatable {
  /// The name in the file, less a prefix that all names of a model share.
  public private(set) var name: String
  /// Row-major: the last size is that of neighbouring elements. Empty for a scalar.
  public let shape: [Int]
  /// How each element is stored.
  public let elementType: ElementType
  /// The path of the file that holds the bytes.
  public let file: String
  /// Bytes from the start of the file to the tensor's first.
  public let offset: Int
  /// Bytes of its elements; in the file they stand side by side unless `strides` says otherwise.
  public let byteCount: Int
  /// Elements: the product of the shape.
  public let count: Int
  /// Elements in the file from one to the next along each axis; nil if they are row-major.
  ///
  /// Only PyTorch's files have such views, of a storage that other tensors may share.
  public let strides: [Int]?

  init(
    name: String, shape: [Int], elementType: ElementType, extent: Extent, file: String, offset: Int,
    strides: [Int]? = nil
  ) {
    self.name = name
    self.shape = shape
    self.elementType = elementType
    self.file = file
    self.offset = offset
    self.strides = strides
    byteCount = extent.byteCount
    count = extent.count
  }

  /// The same tensor under another name.
  func named(_ name: String) -> TensorDescription {
    var tensor = self
    tensor.name = name
    return tensor
  }
}

/// How much a tensor holds, found without trusting that its sizes multiply.
struct Extent {
  let count: Int
  let byteCount: Int

  /// Nil if the elements or the bytes do not fit 63 bits.
  ///
  /// Sizes are not negative, and the count is a multiple of the block's: callers have checked it.
  init?(shape: [Int], elementType: ElementType) {
    var count = 1
    for size in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard !overflow else { return nil }
      count = product
    }
    let (bytes, overflow) = (count / elementType.blockSize).multipliedReportingOverflow(
      by: elementType.blockBytes)
    guard !overflow else { return nil }
    self.count = count
    byteCount = bytes
  }
}
