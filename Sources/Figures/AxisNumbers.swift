internal import Foundation

/// Round numbers along an axis, three to seven, as they are written beside it.
struct AxisNumbers {
  let values: [Double]
  let labels: [String]

  /// - Parameter room: Pixels of the axis where it lies, and its numbers must not touch; nil where they
  ///   stand one above the other.
  init(_ span: ClosedRange<Double>, room: Double? = nil) {
    let rough = (span.upperBound - span.lowerBound) / 6
    var power = pow(10, log10(rough).rounded(.down))
    // The logarithm of a power of ten may be rounded to the other side of it.
    if power > rough { power /= 10 }
    let step = power * ([1, 2, 5].first { $0 * power >= rough } ?? 10)
    let first = (span.lowerBound / step - 1e-9).rounded(.up)
    let last = (span.upperBound / step + 1e-9).rounded(.down)
    let all = Array(stride(from: first, through: last, by: 1))
    // As many digits as tell neighbours apart.
    let most = max(abs(span.lowerBound), abs(span.upperBound))
    let digits = min(15, max(3, Int(log10(most / step).rounded(.up)) + 1))
    func label(_ count: Double) -> String {
      shortNumber(count == 0 ? 0 : count * step, digits: digits)
    }
    let widest = FigureLayout.widest(all.map(label)) + 14
    let one = (room ?? .infinity) * step / (span.upperBound - span.lowerBound)
    let every = max(1, (widest / one).rounded(.up))
    let shown = all.filter { $0.remainder(dividingBy: every) == 0 }
    values = shown.map { $0 * step }
    labels = shown.map(label)
  }
}

/// The values that an axis spans: the range where all that is drawn lies in it, else everything with
/// a margin, which does not reach past zero where nothing drawn does.
func axisSpan(of known: [Double], range: ClosedRange<Double>?) -> ClosedRange<Double> {
  guard let lowest = known.min(), let highest = known.max() else { return range ?? 0...1 }
  if let range, range.contains(lowest), range.contains(highest),
    range.lowerBound < range.upperBound
  {
    return range
  }
  let low = min(lowest, range?.lowerBound ?? lowest)
  let high = max(highest, range?.upperBound ?? highest)
  // One value alone stands in the middle of an axis of its own size.
  guard high - low > 1e-290 else {
    let reach = abs(low) / 2
    return reach > 1e-290 ? (low - reach)...(high + reach) : 0...1
  }
  let margin = max((high - low) * 0.05, abs(low) * 1e-6)
  return
    (low >= 0 ? max(0, low - margin) : low - margin)...(high <= 0
    ? min(0, high + margin) : high + margin)
}
