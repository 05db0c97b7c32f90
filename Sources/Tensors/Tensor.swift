/// A row-major array of numbers with a shape: an immutable value.
///
/// Slices of leading rows share memory. New tensors are made by filling a buffer once.
public struct Tensor<Scalar: Real>: Sendable {
  /// The sizes of the axes, outermost first; none for one number.
  public let shape: [Int]
  private let storage: Storage<Scalar>
  private let offset: Int

  /// The number of elements.
  public var count: Int { shape.reduce(1, *) }
  /// The size of the first axis; 1 for a scalar.
  public var rows: Int { shape.first ?? 1 }
  /// The elements of one row: the product of all axes but the first.
  public var width: Int { shape.dropFirst().reduce(1, *) }

  /// Makes a tensor whose elements `fill` writes, every one of them.
  public init(_ shape: [Int], fill: (UnsafeMutablePointer<Scalar>) -> Void) {
    precondition(shape.allSatisfy { $0 >= 0 }, "negative size in \(shape)")
    self.shape = shape
    storage = Storage(count: shape.reduce(1, *))
    offset = 0
    fill(storage.base)
  }

  /// A copy of the elements, row by row.
  public init(_ shape: [Int], _ elements: [Scalar]) {
    precondition(shape.reduce(1, *) == elements.count, "\(elements.count) elements for \(shape)")
    self.init(shape) { to in
      elements.withUnsafeBufferPointer { from in
        if let base = from.baseAddress { to.update(from: base, count: from.count) }
      }
    }
  }

  /// All elements zero.
  public init(zeros shape: [Int]) {
    self.init(repeating: 0, shape)
  }

  /// All elements the same.
  public init(repeating value: Scalar, _ shape: [Int]) {
    self.init(shape) { $0.update(repeating: value, count: shape.reduce(1, *)) }
  }

  /// One number, of shape `[]`.
  public init(scalar: Scalar) { self.init([], [scalar]) }

  /// A tensor over memory that `owner` keeps alive and that nobody changes.
  public init(
    _ shape: [Int], borrowing base: UnsafeMutablePointer<Scalar>,
    owner: any AnyObject & Sendable
  ) {
    self.shape = shape
    storage = Storage(base: base, owner: owner)
    offset = 0
  }

  private init(shape: [Int], storage: Storage<Scalar>, offset: Int) {
    self.shape = shape
    self.storage = storage
    self.offset = offset
  }

  /// The elements, for reading; valid inside the call only.
  @inlinable
  public func withPointer<R>(_ body: (UnsafePointer<Scalar>) throws -> R) rethrows -> R {
    try withExtendedLifetime(self) { try body(unsafePointer) }
  }

  /// The first element's address; valid as long as the tensor lives.
  public var unsafePointer: UnsafePointer<Scalar> { UnsafePointer(storage.base + offset) }

  /// A copy of the elements, row by row.
  public var elements: [Scalar] {
    withPointer { Array(UnsafeBufferPointer(start: $0, count: count)) }
  }

  /// The same elements under another shape.
  public func reshaped(_ shape: [Int]) -> Tensor {
    precondition(shape.reduce(1, *) == count, "\(self.shape) cannot become \(shape)")
    return Tensor(shape: shape, storage: storage, offset: offset)
  }

  /// The rows of a range, sharing memory.
  public func rows(_ range: Range<Int>) -> Tensor {
    precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows \(range) of \(shape)")
    return Tensor(
      shape: [range.count] + shape.dropFirst(), storage: storage,
      offset: offset + range.lowerBound * width)
  }

  /// The element at an index for each axis.
  public subscript(index: Int...) -> Scalar {
    precondition(index.count == shape.count, "\(index.count) indices for \(shape)")
    var at = 0
    for (i, size) in zip(index, shape) {
      precondition(i >= 0 && i < size, "index \(index) of \(shape)")
      at = at * size + i
    }
    return withPointer { $0[at] }
  }

  /// The one element of a tensor that has one.
  public var scalar: Scalar {
    precondition(count == 1, "\(shape) is not one number")
    return withPointer { $0[0] }
  }
}

/// Memory of a tensor: from the pool, or borrowed from an owner.
final class Storage<Scalar: Real>: @unchecked Sendable {  // written only before it is shared
  let base: UnsafeMutablePointer<Scalar>
  /// Bytes of the pool's block; 0 where the memory is borrowed.
  private let blockSize: Int
  private let owner: AnyObject?

  init(count: Int) {
    let taken = BufferPool.take(max(count, 1) * MemoryLayout<Scalar>.stride)
    base = taken.block.bindMemory(to: Scalar.self, capacity: max(count, 1))
    blockSize = taken.size
    owner = nil
  }

  init(base: UnsafeMutablePointer<Scalar>, owner: AnyObject) {
    self.base = base
    self.owner = owner
    blockSize = 0
  }

  deinit { if owner == nil { BufferPool.give(UnsafeMutableRawPointer(base), blockSize) } }
}
