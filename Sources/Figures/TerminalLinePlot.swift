/// A line plot as lines of text: values at the left, columns below, a legend with each line's mark.
///
/// Where there are more columns than the terminal has, neighbours share a place that shows their
/// mean, and a note says how many.
public struct TerminalLinePlot: Sendable {
  private let plot: LinePlot
  private let terminal: Terminal
  private let ascii: Bool
  /// Columns of the plot in one place.
  private let group: Int
  private let places: Int
  private let labelWidth = 10
  private static let height = 12

  /// Fits the plot to the terminal's width.
  public init(_ plot: LinePlot, on terminal: Terminal) {
    self.plot = plot
    self.terminal = terminal
    ascii = !terminal.isUnicode
    let area = max(1, terminal.width - labelWidth - 1)
    group = (plot.columns.count + area - 1) / area
    places = (plot.columns.count + group - 1) / group
  }

  /// The lines, none wider than the terminal.
  public var lines: [String] {
    let (ascii, width) = (ascii, terminal.width)
    let blank: Character = " "
    let step = max(1, (width - labelWidth - 1) / places)
    var canvas = Array(
      repeating: Array(repeating: blank, count: places * step), count: Self.height)
    let span = plot.span
    func row(_ value: Double) -> Int {
      let share = (value - span.lowerBound) / (span.upperBound - span.lowerBound)
      return Self.height - 1 - min(Self.height - 1, max(0, Int(share * Double(Self.height))))
    }
    if let baseline = plot.baseline {
      for column in canvas[0].indices { canvas[row(baseline)][column] = "-" }
    }
    for (number, one) in plot.series.enumerated() {
      for place in 0..<places {
        let range = place * group..<min((place + 1) * group, one.means.count)
        let known = one.means[range].filter { !$0.isNaN }
        guard !known.isEmpty else { continue }
        canvas[row(known.reduce(0, +) / Double(known.count))][place * step] = mark(number)
      }
    }
    var lines = wrapped(displayText(plot.title, ascii: ascii), to: width, ascii: ascii)
    for (number, characters) in canvas.enumerated() {
      let isLabelled = number == 0 || number == Self.height - 1
      let label = isLabelled ? shortNumber(number == 0 ? span.upperBound : span.lowerBound) : ""
      lines.append(
        padded(label, to: labelWidth, right: true) + (ascii ? "|" : "│") + trimmed(characters))
    }
    lines.append(axis(step))
    lines += wrapped(
      displayText("\(plot.valueName) against \(plot.columnAxis)", ascii: ascii), to: width,
      ascii: ascii)
    for (number, one) in plot.series.enumerated() {
      let last = one.means.last { !$0.isNaN }.map { ", last \(shortNumber($0))" } ?? ""
      lines += wrapped(
        "\(mark(number)) \(displayText(one.name, ascii: ascii))\(last)", to: width, ascii: ascii)
    }
    if let baseline = plot.baseline { lines.append("- baseline \(shortNumber(baseline))") }
    if group > 1 {
      lines += wrapped("a mark is the mean of \(group) columns", to: width, ascii: ascii)
    }
    return lines
  }

  /// The marks of the lines, in turn.
  private func mark(_ number: Int) -> Character {
    let marks = Array(
      (ascii ? "*ox+#@%&" : "●○▲△■□◆◇") + "abcdefghijklmnpqrstuvwyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return marks[number % marks.count]
  }

  /// The first column's label and the last one's, under their places.
  private func axis(_ step: Int) -> String {
    let margin = String(repeating: " ", count: labelWidth + 1)
    let first = displayText(plot.columns[0], ascii: ascii)
    let last = displayText(plot.columns[plot.columns.count - 1], ascii: ascii)
    let end = (places - 1) * step
    guard places > 1, end > displayWidth(first) else { return margin + first }
    let text = padded(first, to: end) + last
    return displayWidth(text) <= terminal.width - labelWidth - 1 ? margin + text : margin + first
  }

  private func trimmed(_ characters: [Character]) -> String {
    var characters = characters
    while characters.last == " " { characters.removeLast() }
    return String(characters)
  }
}
