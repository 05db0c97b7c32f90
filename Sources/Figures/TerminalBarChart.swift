/// A bar chart as lines of text: names at the left, bars with their intervals, and the numbers.
///
/// At most `limit` bars are drawn, those of the categories that are farthest from the baseline; a
/// note says how many there are more.
public struct TerminalBarChart: Sendable {
  /// The most bars that are drawn.
  public static let limit = 40

  private let chart: BarChart
  private let terminal: Terminal
  private let ascii: Bool
  /// The categories that are drawn, in order.
  private let shown: [Int]
  private let labels: [String]
  private let numbers: [[String]]
  private let labelWidth: Int
  private let numberWidth: Int
  /// Terminal columns of the bars.
  private let area: Int

  /// Fits the chart to the terminal's width.
  public init(_ chart: BarChart, on terminal: Terminal) {
    self.chart = chart
    self.terminal = terminal
    let ascii = !terminal.isUnicode
    self.ascii = ascii
    let shown = Self.farthest(chart, max(1, Self.limit / chart.series.count))
    self.shown = shown
    labels = shown.map { displayText(chart.categories[$0], ascii: ascii) }
    labelWidth = min(labels.map(displayWidth).max() ?? 0, max(6, terminal.width / 3))
    func numbers(intervals: Bool) -> [[String]] {
      chart.series.map { one in
        shown.map { Self.number(one, $0, intervals: intervals) }
      }
    }
    func widest(_ texts: [[String]]) -> Int { texts.joined().map(\.count).max() ?? 0 }
    let full = numbers(intervals: true)
    let left = terminal.width - labelWidth - 2
    self.numbers = left - widest(full) >= 12 ? full : numbers(intervals: false)
    numberWidth = widest(self.numbers)
    area = max(1, min(80, left - numberWidth))
  }

  /// The lines, none wider than the terminal.
  public var lines: [String] {
    let width = terminal.width
    var lines = wrapped(displayText(chart.title, ascii: ascii), to: width, ascii: ascii)
    for (row, category) in shown.enumerated() {
      for (number, one) in chart.series.enumerated() {
        let label = number == 0 ? cut(labels[row], to: labelWidth, ascii: ascii) : ""
        lines.append(
          trimmed(
            padded(label, to: labelWidth, right: true) + " " + bar(one, category, number) + " "
              + numbers[number][row]))
      }
    }
    let more = chart.categories.count - shown.count
    if more > 0 {
      lines += wrapped("and \(more) more, nearer to the baseline", to: width, ascii: ascii)
    }
    lines.append(axis)
    lines += wrapped(displayText(chart.valueName, ascii: ascii), to: width, ascii: ascii)
    lines.append("")
    if chart.series.count > 1 {
      for (number, one) in chart.series.enumerated() {
        lines += wrapped(
          "\(fill(number)) \(displayText(one.name, ascii: ascii))", to: width, ascii: ascii)
      }
    }
    for note in notes { lines += wrapped(note, to: width, ascii: ascii) }
    return lines
  }

  private static func farthest(_ chart: BarChart, _ count: Int) -> [Int] {
    func reach(_ category: Int) -> Double {
      chart.series.map { abs($0.means[category] - chart.baseline) }.filter { !$0.isNaN }.max() ?? -1
    }
    let order = chart.categories.indices.map { (reach: reach($0), category: $0) }
      .sorted { ($1.reach, $0.category) < ($0.reach, $1.category) }
    return order.prefix(count).map(\.category).sorted()
  }

  private var notes: [String] {
    var notes = ["bars from \(shortNumber(chart.baseline))"]
    if !chart.bandName.isEmpty, chart.series.contains(where: { !$0.lows.isEmpty }) {
      let interval = ascii ? "[-*-]" : "├─●─┤"
      notes.append("\(interval) mean, \(displayText(chart.bandName, ascii: ascii))")
    }
    return notes
  }

  private static func number(_ one: LinePlot.Series, _ place: Int, intervals: Bool) -> String {
    guard !one.means[place].isNaN else { return "no value" }
    let value = shortNumber(one.means[place])
    guard intervals, let interval = one.interval(place) else { return value }
    return "\(value) [\(shortNumber(interval.low)), \(shortNumber(interval.high))]"
  }

  /// Columns from the left end of the axis, from 0 to `area`.
  private func across(_ value: Double) -> Double {
    let span = chart.span
    let share = (value - span.lowerBound) / (span.upperBound - span.lowerBound)
    return min(max(share, 0), 1) * Double(area)
  }

  private func cell(_ value: Double) -> Int { min(area - 1, Int(across(value))) }

  private func bar(_ one: LinePlot.Series, _ place: Int, _ number: Int) -> String {
    var cells = Array(repeating: Character(" "), count: area)
    cells[cell(chart.baseline)] = ascii ? "|" : "│"
    let value = one.means[place]
    guard !value.isNaN else { return String(cells) }
    let (start, end) = (across(min(chart.baseline, value)), across(max(chart.baseline, value)))
    for index in 0..<area where Double(index) + 0.5 >= start && Double(index) + 0.5 < end {
      cells[index] = fill(number)
    }
    // The last cell of a bar to the right is drawn by eighths.
    let rest = Int((end - end.rounded(.down)) * 8)
    if !ascii, number == 0, value > chart.baseline, rest > 0, Int(end) < area {
      cells[Int(end)] = Array("▏▎▍▌▋▊▉")[rest - 1]
    }
    guard let interval = one.interval(place) else { return String(cells) }
    let (low, high) = (cell(interval.low), cell(interval.high))
    for index in low...max(low, high) { cells[index] = ascii ? "-" : "─" }
    cells[low] = ascii ? "[" : "├"
    cells[high] = ascii ? "]" : "┤"
    // The mean hides an end that it lies on; an interval of one cell has no room for it.
    cells[cell(value)] = ascii ? "*" : "●"
    if low == high { cells[low] = ascii ? "+" : "┼" }
    return String(cells)
  }

  /// What the bars of a series are made of.
  private func fill(_ number: Int) -> Character {
    let fills = Array((ascii ? "#=:o" : "█▓▒░") + "123456789abcdefghijklmnpqrstuvwxyz")
    return fills[number % fills.count]
  }

  /// The numbers at the two ends of the axis.
  private var axis: String {
    let (low, high) = (shortNumber(chart.span.lowerBound), shortNumber(chart.span.upperBound))
    let margin = String(repeating: " ", count: labelWidth + 1)
    let space = area - low.count - high.count
    let room = terminal.width - labelWidth - 1
    let line = space > 0 ? low + String(repeating: " ", count: space) + high : "\(low) \(high)"
    return margin + cut(line, to: room, ascii: ascii)
  }

  private func trimmed(_ line: String) -> String {
    var line = line
    while line.last == " " { line.removeLast() }
    return line
  }
}
