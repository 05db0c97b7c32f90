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
  public private(set) var title: String
  /// The label of each column, such as the number of its layer.
  public private(set) var columns: [String]
  /// In the order of the legend.
  public private(set) var series: [Series]
  /// What a value is, such as `average indirect effect on p(o)`.
  public private(set) var valueName: String
  /// What the columns are, such as `center of interval of 10 restored mlp layers`.
  public private(set) var columnAxis: String
  /// The value without any intervention, drawn as a dashed line; nil if unknown.
  public let baseline: Double?
  /// What the bands are, such as `95 % intervals (Wilson)`; said where they are drawn.
  public private(set) var bandName: String
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
    for one in series { try one.check(columns: columns.count, in: title) }
    self.title = title
    self.columns = columns
    self.series = series.map(\.drawable)
    self.valueName = valueName
    self.columnAxis = columnAxis
    self.baseline = baseline.flatMap(drawable)
    self.bandName = bandName
    self.range = range
  }

  /// The values that the vertical axis spans.
  package var span: ClosedRange<Double> {
    axisSpan(of: series.reduce(baseline.map { [$0] } ?? []) { $0 + $1.drawn }, range: range)
  }

  /// The plot with each of its texts changed.
  func mapTexts(_ change: (String) -> String) -> LinePlot {
    var plot = self
    plot.title = change(title)
    plot.columns = columns.map(change)
    plot.series = series.map { $0.named(change($0.name)) }
    plot.valueName = change(valueName)
    plot.columnAxis = change(columnAxis)
    plot.bandName = change(bandName)
    return plot
  }
}

extension LinePlot.Series {
  /// Refuses a series that does not have one mean, and one band or none, for each column.
  func check(columns: Int, in title: String) throws(Refusal) {
    guard means.count == columns, lows.count == highs.count, lows.isEmpty || lows.count == columns
    else {
      throw Refusal(
        .store, field: "\(title), \(name)",
        found: "\(means.count) means and bands of \(lows.count) and \(highs.count)",
        expected: "\(columns), one a column")
    }
  }

  /// The series with what cannot be drawn as no value.
  var drawable: LinePlot.Series {
    func known(_ values: [Double]) -> [Double] { values.map { Figures.drawable($0) ?? .nan } }
    return LinePlot.Series(name, means: known(means), lows: known(lows), highs: known(highs))
  }

  /// All values that are drawn: means and the ends of their bands.
  var drawn: [Double] {
    means.indices.filter { !means[$0].isNaN }.flatMap { column in
      [means[column]] + (interval(column).map { [$0.low, $0.high] } ?? [])
    }
  }

  /// The band at a column, from the lower end; nil where it has none.
  func interval(_ column: Int) -> (low: Double, high: Double)? {
    guard !lows.isEmpty, !lows[column].isNaN, !highs[column].isNaN else { return nil }
    return (min(lows[column], highs[column]), max(lows[column], highs[column]))
  }

  func named(_ name: String) -> LinePlot.Series {
    LinePlot.Series(name, means: means, lows: lows, highs: highs)
  }
}
