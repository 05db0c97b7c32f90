internal import Randomness

/// Intervals of means by drawing prompts with replacement.
///
/// Efron, 1979, <https://doi.org/10.1214/aos/1176344552>; the interval is that of percentiles.
struct Bootstrap {
  /// How often each prompt is in each draw.
  private let counts: [[Float]]
  private let tail: Double

  init(_ section: SweepMetricSection, prompts: Int) {
    tail = (1 - section.confidence) / 2
    let random = Philox(key: UInt64(section.seed))
    counts = (0..<section.bootstrap).map { draw in
      var counts = [Float](repeating: 0, count: prompts)
      for place in 0..<prompts {
        let words = random.words(
          SIMD4(UInt32(truncatingIfNeeded: place), UInt32(draw), 0x626F_6F74, 0))
        counts[Int((UInt64(words[0]) * UInt64(prompts)) >> 32)] += 1
      }
      return counts
    }
  }

  /// The mean over what is a number, and its interval; NaN without any.
  func interval(_ values: [Float]) -> (mean: Float, low: Float, high: Float) {
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
