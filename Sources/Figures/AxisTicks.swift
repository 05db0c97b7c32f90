/// Which columns of an axis carry a label: evenly spaced, at round numbers, never touching.
package struct AxisTicks: Sendable, Equatable {
  /// The labelled columns, ascending.
  package let columns: [Int]

  /// - Parameters:
  ///   - labels: One a column.
  ///   - columnWidth: Room of one column, in the units of `labelWidth`.
  ///   - labelWidth: The room a label takes, with the space after it.
  package init(_ labels: [String], columnWidth: Double, labelWidth: (String) -> Double) {
    let widest = labels.map(labelWidth).max() ?? 0
    let least = max(1, (widest / max(columnWidth, 1e-9)).rounded(.up))
    let step = AxisTicks.roundSteps.first { Double($0) >= least } ?? labels.count
    // Consecutive numbers are labelled at multiples of the step, wherever the sweep begins.
    let numbers = labels.compactMap(Int.init)
    let isRun =
      numbers.count == labels.count && (numbers.first ?? 0) >= 0
      && zip(numbers, numbers.dropFirst()).allSatisfy { $1 > $0 && $1 - $0 == 1 }
    let first = isRun ? (step - (numbers.first ?? 0) % step) % step : 0
    let found = Array(stride(from: first, to: labels.count, by: step))
    columns = found.isEmpty && !labels.isEmpty ? [0] : found
  }

  private static let roundSteps =
    [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 100_000, 1_000_000]
}
