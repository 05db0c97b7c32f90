/// A number of which `FixedOrderSum` adds vectors.
public protocol SumElement: BitwiseCopyable, Sendable, AdditiveArithmetic {
  /// `into += from`, element by element. Concrete in each type: a generic loop is 40 times slower.
  static func add(
    _ from: UnsafePointer<Self>, into: UnsafeMutablePointer<Self>, count: Int)
}

extension Float: SumElement {
  /// `into += from`.
  public static func add(
    _ from: UnsafePointer<Float>, into: UnsafeMutablePointer<Float>, count: Int
  ) {
    for i in 0..<count { into[i] += from[i] }
  }
}

extension Double: SumElement {
  /// `into += from`.
  public static func add(
    _ from: UnsafePointer<Double>, into: UnsafeMutablePointer<Double>, count: Int
  ) {
    for i in 0..<count { into[i] += from[i] }
  }
}

/// A vector whose address stays, as pending MPI calls need.
final class SumVector<Element: SumElement> {
  let start: UnsafeMutablePointer<Element>
  let count: Int

  init(zeros count: Int) {
    start = .allocate(capacity: max(1, count))
    start.initialize(repeating: .zero, count: max(1, count))
    self.count = count
  }

  init(_ values: [Element]) {
    start = .allocate(capacity: max(1, values.count))
    count = values.count
    values.withUnsafeBufferPointer { buffer in
      if let from = buffer.baseAddress { start.initialize(from: from, count: buffer.count) }
    }
  }

  var values: [Element] { Array(UnsafeBufferPointer(start: start, count: count)) }

  deinit { start.deallocate() }
}
