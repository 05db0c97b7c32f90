public import Inputs

/// A table of effects, one cell for each row and column, with what its axes mean: token position and
/// layer, or head and layer.
///
/// The form of the figures of Meng et al., 2022, <https://arxiv.org/abs/2202.05262>: tokens from
/// the top down, layers from left to right, the subject's tokens marked with a star.
public struct HeatMap: Sendable, Equatable {
  /// One row: a token at its position, a head, a role.
  public struct Row: Sendable, Equatable {
    /// The token as the tokenizer decodes it, or the row's name; any text, which is escaped where it
    /// is drawn.
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
  public private(set) var title: String
  /// From the top, in the order of the prompt.
  public private(set) var rows: [Row]
  /// The label of each column, such as the number of its layer.
  public private(set) var columns: [String]
  /// Effects as `[row][column]`; NaN where there is none.
  public let values: [[Double]]
  /// What a value is, such as `p(Paris)`.
  public private(set) var valueName: String
  /// The colours of the values.
  public let colors: ColorScale
  /// What the columns are, such as `single restored layer within SmolLM2`.
  public private(set) var columnAxis: String
  /// What the rows are, such as `head`; empty where they say it themselves, as tokens do.
  public private(set) var rowAxis: String
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
    colors: ColorScale = .purples, columnAxis: String, rowAxis: String = "",
    baseline: Double? = nil, clean: Double? = nil, range: ClosedRange<Double>? = nil
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
    self.rowAxis = rowAxis
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

  /// The labels that fit where a row has less room than its label, with their places in rows.
  ///
  /// The subject's come first, rows beside each other under one label, then the last row's; the
  /// others stand at even steps between.
  ///
  /// - Parameter least: Rows from one label to the next.
  package func rowLabels(least: Double) -> [(place: Double, text: String)] {
    guard least > 1 else {
      return rows.indices.map { (Double($0), label(row: $0, ascii: false)) }
    }
    var chosen: [(place: Double, text: String)] = []
    func add(_ place: Double, _ text: String) {
      if chosen.allSatisfy({ abs($0.place - place) >= least }) { chosen.append((place, text)) }
    }
    var row = 0
    while row < rows.count {
      let end = rows[row...].firstIndex { !$0.isSubject } ?? rows.count
      if end > row {
        let tokens = rows[row..<end].map { displayText($0.token, ascii: false) }
        add(Double(row + end - 1) / 2, tokens.joined() + "*")
      }
      row = end + 1
    }
    add(Double(rows.count - 1), label(row: rows.count - 1, ascii: false))
    for row in stride(from: 0, to: rows.count, by: Int(least.rounded(.up))) {
      add(Double(row), label(row: row, ascii: false))
    }
    return chosen.sorted { $0.place < $1.place }
  }

  /// The map with each of its texts changed.
  func mapTexts(_ change: (String) -> String) -> HeatMap {
    var map = self
    map.title = change(title)
    map.rows = rows.map { Row(change($0.token), isSubject: $0.isSubject) }
    map.columns = columns.map(change)
    map.valueName = change(valueName)
    map.columnAxis = change(columnAxis)
    map.rowAxis = change(rowAxis)
    return map
  }
}

/// The number itself if it can be drawn: finite, and far enough from overflow to be scaled.
package func drawable(_ value: Double) -> Double? { abs(value) <= 1e100 ? value : nil }

/// The smallest difference from `value` that a scale can show.
private func leastSpan(at value: Double) -> Double { max(abs(value) * 1e-6, 1e-9) }
