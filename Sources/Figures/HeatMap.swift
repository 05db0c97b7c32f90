public import Inputs

/// A table of effects, one cell for each token position and layer, with what its axes mean.
///
/// The form of the figures of Meng et al., 2022, <https://arxiv.org/abs/2202.05262>: tokens from
/// the top down, layers from left to right, the subject's tokens marked with a star.
public struct HeatMap: Sendable, Equatable {
  /// One row: a token at its position.
  public struct Row: Sendable, Equatable {
    /// The token as the tokenizer decodes it; any text, which is escaped where it is drawn.
    public let token: String
    /// Whether the token belongs to the subject, and carries the star.
    public let isSubject: Bool

    /// A token, which is none of the subject's unless said.
    public init(_ token: String, isSubject: Bool = false) {
      self.token = token
      self.isSubject = isSubject
    }
  }

  /// What was done, such as `Impact of restoring MLP after corrupted input`.
  public let title: String
  /// From the top, in the order of the prompt.
  public let rows: [Row]
  /// The label of each column, such as the number of its layer.
  public let columns: [String]
  /// Effects as `[row][column]`; NaN where there is none.
  public let values: [[Double]]
  /// What a value is, such as `p(Paris)`.
  public let valueName: String
  /// The colours of the values.
  public let colors: ColorScale
  /// What the columns are, such as `single restored layer within SmolLM2`.
  public let columnAxis: String
  /// The value without any intervention, with which the colour scale begins; nil if unknown.
  public let baseline: Double?
  /// The value of the clean run; nil if unknown.
  public let clean: Double?
  /// The values at the two ends of the colour scale; what lies outside takes the colour of the end.
  package let scale: ClosedRange<Double>

  /// - Parameters:
  ///   - values: `[rows][columns]`. What is not a number of at most 10¹⁰⁰ counts as none.
  ///   - range: The ends of the colour scale, such as 0 and 1 for shares; nil: from the values.
  /// - Throws: A refusal of kind `store` if the table is empty, or a row is not as long as the
  ///   list of columns.
  public init(
    title: String, rows: [Row], columns: [String], values: [[Double]], valueName: String,
    colors: ColorScale = .purples, columnAxis: String, baseline: Double? = nil,
    clean: Double? = nil,
    range: ClosedRange<Double>? = nil
  ) throws(Refusal) {
    guard !rows.isEmpty, !columns.isEmpty else {
      throw Refusal(
        .store, field: title, found: "\(rows.count) rows of \(columns.count) columns",
        expected: "a heat map with at least one cell")
    }
    guard values.count == rows.count else {
      throw Refusal(
        .store, field: title, found: "values for \(values.count) rows",
        expected: "values for \(rows.count)")
    }
    if let row = values.firstIndex(where: { $0.count != columns.count }) {
      throw Refusal(
        .store, field: title, found: "\(values[row].count) values in row \(row)",
        expected: "\(columns.count), one a column")
    }
    self.title = title
    self.rows = rows
    self.columns = columns
    self.values = values.map { $0.map { drawable($0) ?? .nan } }
    self.valueName = valueName
    self.colors = colors
    self.columnAxis = columnAxis
    self.baseline = baseline.flatMap(drawable)
    self.clean = clean.flatMap(drawable)
    if let range, range.lowerBound < range.upperBound {
      scale = range
    } else {
      scale = HeatMap.scale(
        of: self.values, colors: colors, baseline: self.baseline, clean: self.clean)
    }
  }

  /// From the baseline to the highest value, as in the paper. A diverging scale has the baseline
  /// (or zero) in its middle and reaches as far to either side as the farthest value.
  private static func scale(
    of values: [[Double]], colors: ColorScale, baseline: Double?, clean: Double?
  ) -> ClosedRange<Double> {
    let known = values.joined().filter { !$0.isNaN }
    if colors.isDiverging {
      let middle = baseline ?? 0
      let reach = known.reduce(leastSpan(at: middle)) { max($0, abs($1 - middle)) }
      return (middle - reach)...(middle + reach)
    }
    let low = baseline ?? known.min() ?? clean.map { min(0, $0) } ?? 0
    let high = known.max() ?? clean ?? 1
    if high - low >= leastSpan(at: low) { return low...high }
    return low...(low + max(leastSpan(at: low), (clean ?? low) - low))
  }

  /// Where a value lies on the colour scale, from 0 to 1; nil if it is NaN.
  package func fraction(of value: Double) -> Double? {
    guard !value.isNaN else { return nil }
    return min(max((value - scale.lowerBound) / (scale.upperBound - scale.lowerBound), 0), 1)
  }

  /// How far a value is from no effect, which decides what stands for several cells.
  package func strength(of value: Double) -> Double {
    colors.isDiverging ? abs(value - (baseline ?? 0)) : value
  }

  /// The place of the strongest effect; nil if no cell has a value.
  package var peak: (row: Int, column: Int)? {
    var best: (row: Int, column: Int)?
    for row in rows.indices {
      for column in columns.indices where !values[row][column].isNaN {
        let here = strength(of: values[row][column])
        if best.map({ here > strength(of: values[$0.row][$0.column]) }) ?? true {
          best = (row, column)
        }
      }
    }
    return best
  }

  package var hasGaps: Bool { values.contains { $0.contains { $0.isNaN } } }

  /// A row's label as it is drawn: the token, with a star if it belongs to the subject.
  package func label(row: Int, ascii: Bool) -> String {
    displayText(rows[row].token, ascii: ascii) + (rows[row].isSubject ? "*" : "")
  }
}

/// The number itself if it can be drawn: finite, and far enough from overflow to be scaled.
package func drawable(_ value: Double) -> Double? { abs(value) <= 1e100 ? value : nil }

/// The smallest difference from `value` that a scale can show.
private func leastSpan(at value: Double) -> Double { max(abs(value) * 1e-6, 1e-9) }
