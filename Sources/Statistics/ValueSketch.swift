internal import CKernels
internal import Inputs
internal import ResultsStore

/// How values are spread, in fixed bins of nearly the same relative width: quantiles of any number
/// of values in 64 KiB, the same whatever the order and the parts in which they came.
///
/// A bin is an exponent with the first six bits of the mantissa, so a quantile is within 1 % of the
/// value that has that rank (0.79 % by the bins' width), between magnitudes 2^-40 and 2^24. Smaller
/// magnitudes are taken as 0; larger ones as the largest found.
///
/// The sketch of Masson, Rim and Lee, 2019, <https://arxiv.org/abs/1908.10693>, with their linear
/// interpolation of the logarithm in place of the logarithm.
package struct ValueSketch: Sendable, Equatable {
  /// Counts of each bin: negative values from the largest magnitude on, zero, positive values.
  private(set) var bins = [Int64](repeating: 0, count: Self.binCount)
  /// Values that are not finite; they are in no bin.
  package private(set) var notFinite = 0
  static let half = STATISTICS_BINS
  private static let binCount = 2 * half + 1

  package init() {}

  /// How many finite values were added.
  package var count: Int { bins.reduce(0) { $0 + Int($1) } }

  mutating func add(_ values: UnsafePointer<Float>, count: Int) {
    notFinite += bins.withUnsafeMutableBufferPointer { bins in
      bins.baseAddress.map { Int(statistics_count(count, values, $0)) } ?? 0
    }
  }

  mutating func add(_ value: Float) { withUnsafePointer(to: value) { add($0, count: 1) } }

  mutating func merge(_ other: ValueSketch) {
    for place in bins.indices { bins[place] += other.bins[place] }
    notFinite += other.notFinite
  }

  /// The value of rank `q * (count - 1)`, rounded down, of the finite values in order; nil of none.
  ///
  /// - Parameter range: The least and the largest value, which the result stays within.
  package func quantile(_ q: Double, within range: ClosedRange<Float>) -> Double? {
    precondition((0...1).contains(q), "a quantile of \(q)")
    let count = count
    guard count > 0 else { return nil }
    var left = Int64(q * Double(count - 1))
    for (place, size) in bins.enumerated() {
      guard left >= size else {
        return min(max(Self.value(of: place), Double(range.lowerBound)), Double(range.upperBound))
      }
      left -= size
    }
    return Double(range.upperBound)
  }

  /// The value that is as far, relatively, from both ends of a bin.
  private static func value(of place: Int) -> Double {
    guard place != half else { return 0 }
    let bin = place > half ? place - half - 1 : half - 1 - place
    let parts = 1 << STATISTICS_SUB_BITS
    let octave = Double(
      sign: .plus, exponent: STATISTICS_LOWEST + bin / parts, significand: 1)
    let (low, high) = (Double(parts + bin % parts), Double(parts + bin % parts + 1))
    let value = octave * 2 * low * high / (low + high) / Double(parts)
    return place > half ? value : -value
  }
}

extension ValueSketch {
  /// The bins that are not empty: how many, then place and count of each; little-endian.
  func append(to bytes: inout [UInt8]) {
    bytes.append(littleEndian: UInt64(notFinite))
    bytes.append(littleEndian: UInt32(bins.count { $0 > 0 }))
    for (place, count) in bins.enumerated() where count > 0 {
      bytes.append(littleEndian: UInt16(place))
      bytes.append(littleEndian: UInt64(count))
    }
  }

  /// - Parameter total: The values that it must be of, finite or not.
  init(_ reader: inout StatisticsReader, total: Int) throws(Refusal) {
    notFinite = try reader.count(upTo: total, "values that are not finite")
    var left = total - notFinite
    var last = -1
    for _ in 0..<Int(try reader.integer(UInt32.self)) {
      let place = Int(try reader.integer(UInt16.self))
      guard place > last, place < Self.binCount else {
        throw reader.refusal("bin \(place) after \(last)", "rising bins below \(Self.binCount)")
      }
      let count = try reader.count(upTo: left, "values in a bin")
      guard count > 0 else { throw reader.refusal("an empty bin", "bins with values") }
      bins[place] = Int64(count)
      (left, last) = (left - count, place)
    }
    guard left == 0 else { throw reader.refusal("\(left) values in no bin", "\(total) values") }
  }
}
