internal import Inputs
internal import JobFiles
internal import Models
internal import ResultsStore

/// Means over facts by the role of the restored token, as Meng et al., 2022, figure 2, plot them.
///
/// A fact's value for a role is the mean over the role's tokens and over samples; the mean over
/// facts, taken in the facts' order, and its standard error are of these values.
struct TraceSummary {
  /// `[site, role, layer]`, by name.
  private(set) var arrays: [String: [Float]] = [:]

  private struct Moments {
    var count = 0
    var sum = 0.0
    var squares = 0.0

    mutating func add(_ value: Double) {
      count += 1
      sum += value
      squares += value * value
    }

    var mean: Double { count > 0 ? sum / Double(count) : .nan }

    /// Of the mean, with n − 1; not a number for fewer than two values.
    var standardError: Double {
      guard count > 1 else { return .nan }
      let n = Double(count)
      return (max(0, squares - sum * sum / n) / (n - 1) / n).squareRoot()
    }
  }

  /// The arrays, `[site, role, layer]`.
  static func names(_ grid: TraceGrid) -> [String] {
    grid.metrics.flatMap { ["mean_\($0.rawValue)", "standard_error_\($0.rawValue)"] }
      + ["fact_count"]
  }

  /// - Parameter cells: The stored cells, `[layer, position, sample]`, of a traced fact and
  ///   restoration; nil for one that the filter left out or that is not whole.
  init(
    _ grid: TraceGrid,
    cells: (_ fact: Int, _ restoration: Int, Metric) throws(Refusal) -> [Float]?
  ) throws(Refusal) {
    let (layers, longest) = (grid.layerCount, grid.longest)
    let roles = TokenRole.allCases
    for (order, metric) in grid.metrics.enumerated() {
      var moments = [Moments](
        repeating: Moments(), count: grid.restore.count * roles.count * layers)
      for fact in grid.roles.indices {
        for restoration in grid.restore.indices {
          guard let values = try cells(fact, restoration, metric) else { continue }
          for (r, role) in roles.enumerated() {
            let positions = grid.roles[fact].positions(of: role)
            for layer in 0..<layers {
              guard
                let value = Self.mean(
                  values, layer: layer, positions, longest: longest, samples: grid.samples)
              else { continue }
              moments[(restoration * roles.count + r) * layers + layer].add(value)
            }
          }
        }
      }
      arrays["mean_\(metric.rawValue)"] = moments.map { Float($0.mean) }
      arrays["standard_error_\(metric.rawValue)"] = moments.map { Float($0.standardError) }
      if order == 0 { arrays["fact_count"] = moments.map { Float($0.count) } }
    }
  }

  /// The mean over a role's tokens and the samples; nil where nothing was traced.
  private static func mean(
    _ values: [Float], layer: Int, _ positions: Range<Int>, longest: Int, samples: Int
  ) -> Double? {
    var (count, sum) = (0, 0.0)
    for position in positions {
      let start = (layer * longest + position) * samples
      for value in values[start..<start + samples] where !value.isNaN {
        count += 1
        sum += Double(value)
      }
    }
    return count > 0 ? sum / Double(count) : nil
  }
}
