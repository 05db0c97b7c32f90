public import Inputs

/// Averages over many samples, one line for each role of the position, across the layers.
public struct LinePlot: Sendable, Equatable {
  /// One line, such as `last subject token`.
  public struct Series: Sendable, Equatable {
    /// What the legend calls it.
    public let name: String
    /// One value a column; NaN where there is none.
    public let means: [Double]
    /// The standard error of each mean, drawn as a band; empty if unknown.
    public let standardErrors: [Double]

    /// A line through the means.
    public init(_ name: String, means: [Double], standardErrors: [Double] = []) {
      self.name = name
      self.means = means
      self.standardErrors = standardErrors
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

  /// - Throws: A refusal of kind `store` if there is no column or no series, or a series does not
  ///   have one mean, and one standard error or none, for each column.
  public init(
    title: String, columns: [String], series: [Series], valueName: String, columnAxis: String,
    baseline: Double? = nil
  ) throws(Refusal) {
    guard !columns.isEmpty, !series.isEmpty else {
      throw Refusal(
        .store, field: title, found: "\(series.count) lines of \(columns.count) columns",
        expected: "a line plot with at least one point")
    }
    for one in series {
      guard one.means.count == columns.count,
        one.standardErrors.isEmpty || one.standardErrors.count == columns.count
      else {
        throw Refusal(
          .store, field: "\(title), \(one.name)",
          found: "\(one.means.count) means and \(one.standardErrors.count) standard errors",
          expected: "\(columns.count), one a column")
      }
    }
    self.title = title
    self.columns = columns
    self.series = series.map { one in
      Series(
        one.name, means: one.means.map { drawable($0) ?? .nan },
        standardErrors: one.standardErrors.map { drawable($0).map(abs) ?? .nan })
    }
    self.valueName = valueName
    self.columnAxis = columnAxis
    self.baseline = baseline.flatMap(drawable)
  }

  /// The values that the vertical axis spans: everything drawn, with a margin.
  package var span: ClosedRange<Double> {
    var known = baseline.map { [$0] } ?? []
    for one in series {
      for (column, mean) in one.means.enumerated() where !mean.isNaN {
        let error = one.standardErrors.isEmpty ? 0 : one.standardErrors[column]
        known += error.isNaN ? [mean] : [mean - error, mean + error]
      }
    }
    guard let low = known.min(), let high = known.max() else { return 0...1 }
    let margin = max((high - low) * 0.05, abs(low) * 1e-6, 1e-9)
    return (low - margin)...(high + margin)
  }
}
