internal import Inputs

extension BoundedFile {
  /// Gathers the elements of a strided view in row-major order, piece by piece, in `scratch`.
  ///
  /// Holds in memory what the file has from the view's first element to its last.
  func forEachPiece(
    of tensor: TensorDescription, strides: [Int],
    gatheredIn scratch: UnsafeMutableRawBufferPointer,
    _ body: (UnsafeRawBufferPointer, Int, Int) -> Void
  ) throws(Refusal) {
    let last = zip(tensor.shape, strides).reduce(0) { $0 + ($1.0 - 1) * $1.1 }
    let span = try bytes(at: tensor.offset, count: (last + 1) * tensor.elementType.blockBytes)
    span.withUnsafeBytes { span in
      func gather<Element: BitwiseCopyable>(_: Element.Type) {
        let size = MemoryLayout<Element>.size
        let room = scratch.count / size
        var places = StridedPlaces(shape: tensor.shape, strides: strides)
        var done = 0
        while done < tensor.count {
          let now = min(room, tensor.count - done)
          for i in 0..<now {
            let element = span.loadUnaligned(fromByteOffset: places.next() * size, as: Element.self)
            scratch.storeBytes(of: element, toByteOffset: i * size, as: Element.self)
          }
          body(UnsafeRawBufferPointer(rebasing: scratch[..<(now * size)]), done, now)
          done += now
        }
      }
      switch tensor.elementType.blockBytes {
      case 1: gather(UInt8.self)
      case 2: gather(UInt16.self)
      case 4: gather(UInt32.self)
      case 8: gather(UInt64.self)
      default: preconditionFailure("a strided tensor of type \(tensor.elementType.name)")
      }
    }
  }
}

/// The places of a view's elements, in elements from the first, in row-major order.
private struct StridedPlaces {
  private let shape: [Int]
  private let strides: [Int]
  private var index: [Int]
  private var place = 0

  init(shape: [Int], strides: [Int]) {
    self.shape = shape
    self.strides = strides
    index = [Int](repeating: 0, count: shape.count)
  }

  /// The next place; as many calls are allowed as there are elements.
  mutating func next() -> Int {
    defer {
      var axis = shape.count - 1
      while axis >= 0 {
        index[axis] += 1
        place += strides[axis]
        if index[axis] < shape[axis] { break }
        place -= index[axis] * strides[axis]
        index[axis] = 0
        axis -= 1
      }
    }
    return place
  }
}
