public import Inputs

/// Averages over many samples, one line for each role of the position, across the layers.
public struct LinePlot: Sendable, Equatable {
  /// One line, such as `last subject token`.
  public struct Series: Sendable, Equatable {
    /// What the legend calls it.
    public let name: String
    /// One value a column; NaN where there is none.
    public let means: [Double]
    /// The lower end of each mean's band; empty if there is no band, NaN where it has none.
    public let lows: [Double]
    /// The upper ends, as many as there are lower ones.
    public let highs: [Double]

    /// A line through the means, in a band of a standard error to either side.
    public init(_ name: String, means: [Double], standardErrors: [Double] = []) {
      self.init(
        name, means: means, lows: zip(means, standardErrors).map { $0 - abs($1) },
        highs: zip(means, standardErrors).map { $0 + abs($1) })
    }

    /// A line through the means, in a band that need not reach as far to both sides.
    public init(_ name: String, means: [Double], lows: [Double], highs: [Double]) {
      self.name = name
      self.means = means
      self.lows = lows
      self.highs = highs
    }
  }

  /// What was averaged.
  public let title: String
  /// The label of each column, such as the number of its layer.
  public let columns: [String]
  /// In the order of the legend.
  public let series: [Series]
  /// What a value is, such as `average indirect effect on p(o)`.
  public let valueName: String
  /// What the columns are, such as `center of interval of 10 restored mlp layers`.
  public let columnAxis: String
  /// The value without any intervention, drawn as a dashed line; nil if unknown.
  public let baseline: Double?
  /// What the bands are, such as `95 % intervals (Wilson)`; said where they are drawn.
  public let bandName: String
  /// The values that the vertical axis spans at least, such as 0 to 1 for shares; nil: what is drawn.
  public let range: ClosedRange<Double>?

  /// - Throws: A refusal of kind `store` if there is no column or no series, or a series does not
  ///   have one mean, and one band or none, for each column.
  public init(
    title: String, columns: [String], series: [Series], valueName: String, columnAxis: String,
    baseline: Double? = nil, bandName: String = "", range: ClosedRange<Double>? = nil
  ) throws(Refusal) {
    guard !columns.isEmpty, !series.isEmpty else {
      throw Refusal(
        .store, field: title, found: "\(series.count) lines of \(columns.count) columns",
        expected: "a line plot with at least one point")
    }
    for one in series {
      guard one.means.count == columns.count,
        one.lows.count == one.highs.count, one.lows.isEmpty || one.lows.count == columns.count
      else {
        throw Refusal(
          .store, field: "\(title), \(one.name)",
          found: "\(one.means.count) means and bands of \(one.lows.count) and \(one.highs.count)",
          expected: "\(columns.count), one a column")
      }
    }
    self.title = title
    self.columns = columns
    self.series = series.map { one in
      Series(
        one.name, means: one.means.map { drawable($0) ?? .nan },
        lows: one.lows.map { drawable($0) ?? .nan }, highs: one.highs.map { drawable($0) ?? .nan })
    }
    self.valueName = valueName
    self.columnAxis = columnAxis
    self.baseline = baseline.flatMap(drawable)
    self.bandName = bandName
    self.range = range
  }

  /// The values that the vertical axis spans: the range where all that is drawn lies in it, else
  /// everything with a margin.
  package var span: ClosedRange<Double> {
    var known = baseline.map { [$0] } ?? []
    for one in series {
      for (column, mean) in one.means.enumerated() where !mean.isNaN {
        known.append(mean)
        if !one.lows.isEmpty {
          known += [one.lows[column], one.highs[column]].filter { !$0.isNaN }
        }
      }
    }
    guard let lowest = known.min(), let highest = known.max() else { return range ?? 0...1 }
    if let range, range.contains(lowest), range.contains(highest),
      range.lowerBound < range.upperBound
    {
      return range
    }
    let low = min(lowest, range?.lowerBound ?? lowest)
    let high = max(highest, range?.upperBound ?? highest)
    // One value alone stands in the middle of an axis of its own size.
    guard low < high else {
      let reach = low == 0 ? 1 : abs(low) / 2
      return (low - reach)...(high + reach)
    }
    let margin = max((high - low) * 0.05, abs(low) * 1e-6)
    return (low - margin)...(high + margin)
  }
}
