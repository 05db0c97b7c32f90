internal import Foundation

/// A number with `digits` significant digits, as short as it goes, in no locale.
package func shortNumber(_ value: Double, digits: Int = 3) -> String {
  String(format: "%.\(digits)g", value)
}

/// A duration as `m:ss` or `h:mm:ss`, or in days from two days on.
package func clockText(_ seconds: Double) -> String {
  guard seconds.isFinite, seconds < 1e9 else { return "--:--" }
  let whole = Int(max(0, seconds.rounded()))
  func two(_ n: Int) -> String { n < 10 ? "0\(n)" : "\(n)" }
  let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
  if hours >= 48 { return "\(hours / 24)d\(two(hours % 24))h" }
  return hours > 0 ? "\(hours):\(two(minutes)):\(two(rest))" : "\(minutes):\(two(rest))"
}
