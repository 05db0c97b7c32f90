internal import Randomness

/// Intervals of means by drawing what they are over with replacement.
///
/// Efron, 1979, <https://doi.org/10.1214/aos/1176344552>; the interval is that of percentiles.
package struct Bootstrap {
  /// How often each value is in each draw.
  private let counts: [[Float]]
  private let tail: Double

  /// - Parameters:
  ///   - count: How many values each mean is over.
  ///   - confidence: The share of the draws whose means the interval holds.
  package init(of count: Int, draws: Int, confidence: Double, seed: UInt64) {
    tail = (1 - confidence) / 2
    let random = Philox(key: seed)
    counts = (0..<draws).map { draw in
      var counts = [Float](repeating: 0, count: count)
      for place in 0..<count {
        let words = random.words(
          SIMD4(UInt32(truncatingIfNeeded: place), UInt32(draw), 0x626F_6F74, 0))
        counts[Int((UInt64(words[0]) * UInt64(count)) >> 32)] += 1
      }
      return counts
    }
  }

  /// The mean over what is a number, and its interval; NaN without any.
  package func interval(_ values: [Float]) -> (mean: Float, low: Float, high: Float) {
    let known = values.indices.filter { !values[$0].isNaN }
    guard !known.isEmpty else { return (.nan, .nan, .nan) }
    let mean = known.reduce(0.0) { $0 + Double(values[$1]) } / Double(known.count)
    guard !counts.isEmpty else { return (Float(mean), .nan, .nan) }
    var means: [Double] = []
    means.reserveCapacity(counts.count)
    for draw in counts {
      var (sum, count) = (0.0, 0.0)
      for place in known {
        sum += Double(draw[place]) * Double(values[place])
        count += Double(draw[place])
      }
      if count > 0 { means.append(sum / count) }
    }
    guard !means.isEmpty else { return (Float(mean), .nan, .nan) }
    means.sort()
    func quantile(_ share: Double) -> Float {
      let place = share * Double(means.count - 1)
      let (below, part) = (Int(place), place - Double(Int(place)))
      let above = min(below + 1, means.count - 1)
      return Float(means[below] + (means[above] - means[below]) * part)
    }
    return (Float(mean), quantile(tail), quantile(1 - tail))
  }
}
