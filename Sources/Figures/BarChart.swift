public import Inputs

/// Values of named things side by side, each a bar from the baseline, with intervals: the effects of
/// heads or of conditions, one bar for each series in each category.
public struct BarChart: Sendable, Equatable {
  /// What is compared.
  public private(set) var title: String
  /// What each group of bars is of, such as `layer 9, head 6`; from the top down, or from the left.
  public private(set) var categories: [String]
  /// Bars of one colour, one a category; a line plot's means are their ends, its bands the intervals.
  public private(set) var series: [LinePlot.Series]
  /// What a value is, such as `change of the logit difference`.
  public private(set) var valueName: String
  /// What the categories are, such as `head`; empty for nothing.
  public private(set) var categoryAxis: String
  /// Where the bars begin: the value without any intervention, or zero.
  public let baseline: Double
  /// What the intervals are, such as `95 % intervals (bootstrap)`; said where they are drawn.
  public private(set) var bandName: String
  /// The values that the axis spans at least, such as 0 to 1 for shares; nil: what is drawn.
  public let range: ClosedRange<Double>?

  /// - Throws: A refusal of kind `store` if there is no category or no series, or a series does not
  ///   have one value, and one interval or none, for each category.
  public init(
    title: String, categories: [String], series: [LinePlot.Series], valueName: String,
    categoryAxis: String = "", baseline: Double = 0, bandName: String = "",
    range: ClosedRange<Double>? = nil
  ) throws(Refusal) {
    guard !categories.isEmpty, !series.isEmpty else {
      throw Refusal(
        .store, field: title, found: "\(series.count) bars for each of \(categories.count)",
        expected: "a bar chart with at least one bar")
    }
    for one in series { try one.check(columns: categories.count, in: title) }
    self.title = title
    self.categories = categories
    self.series = series.map(\.drawable)
    self.valueName = valueName
    self.categoryAxis = categoryAxis
    self.baseline = Figures.drawable(baseline) ?? 0
    self.bandName = bandName
    self.range = range
  }

  /// The values that the axis spans; the baseline is one of them.
  package var span: ClosedRange<Double> {
    axisSpan(of: series.reduce([baseline]) { $0 + $1.drawn }, range: range)
  }

  /// The chart with each of its texts changed.
  func mapTexts(_ change: (String) -> String) -> BarChart {
    var chart = self
    chart.title = change(title)
    chart.categories = categories.map(change)
    chart.series = series.map { $0.named(change($0.name)) }
    chart.valueName = change(valueName)
    chart.categoryAxis = change(categoryAxis)
    chart.bandName = change(bandName)
    return chart
  }
}
