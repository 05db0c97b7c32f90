/// How far a value may be from what is expected: `|x − y| ≤ absolute + relative · |y|`.
public struct Tolerance: Sendable {
  public let absolute: Double
  public let relative: Double

  public init(absolute: Double, relative: Double) {
    self.absolute = absolute
    self.relative = relative
  }

  /// The worst place where `found` is outside the tolerance, in words; nil where all agree.
  public func disagreement<T: BinaryFloatingPoint>(_ found: [T], _ expected: [T]) -> String? {
    guard found.count == expected.count else {
      return "\(found.count) values, expected \(expected.count)"
    }
    var worst: (place: Int, excess: Double)?
    for (i, (x, y)) in zip(found, expected).enumerated() {
      let excess = abs(Double(x) - Double(y)) - absolute - relative * abs(Double(y))
      if !(excess <= 0), !(excess <= worst?.excess ?? -1) { worst = (i, excess) }
    }
    return worst.map { "at \($0.place): \(found[$0.place]), expected \(expected[$0.place])" }
  }
}
