/// A heat map as lines of text: tokens at the left, layers below, a legend with the scale.
///
/// Where the columns do not fit, neighbours share a cell that shows the strongest of them, and a
/// note says how many.
public struct TerminalHeatMap: Sendable {
  private let map: HeatMap
  private let terminal: Terminal
  private let ascii: Bool
  private let labelWidth: Int
  /// Columns of the heat map in one cell.
  private let group: Int
  /// Terminal columns of one cell.
  private let cellWidth: Int
  private let cells: Int

  /// Fits the map to the terminal's width.
  public init(_ map: HeatMap, on terminal: Terminal) {
    self.map = map
    self.terminal = terminal
    ascii = !terminal.isUnicode
    let ascii = ascii
    let longest = map.rows.indices.map { displayWidth(map.label(row: $0, ascii: ascii)) }.max() ?? 0
    labelWidth = min(longest, max(6, terminal.width / 3))
    let area = terminal.width - labelWidth - 1
    group = (map.columns.count + area - 1) / area
    cells = (map.columns.count + group - 1) / group
    cellWidth = group > 1 ? 1 : min(4, area / cells)
  }

  /// The lines, none wider than the terminal; colours are reset at the end of each.
  public var lines: [String] {
    let width = terminal.width
    var lines = wrapped(displayText(map.title, ascii: ascii), to: width, ascii: ascii)
    if !map.rowAxis.isEmpty {
      lines.append(cut(displayText(map.rowAxis, ascii: ascii), to: width, ascii: ascii))
    }
    for row in map.rows.indices {
      let label = cut(map.label(row: row, ascii: ascii), to: labelWidth, ascii: ascii)
      lines.append(padded(label, to: labelWidth, right: true) + " " + strip(row: row))
    }
    lines.append(axis)
    lines += axisTitle
    lines.append("")
    lines.append(legend)
    for note in notes { lines += wrapped(note, to: width, ascii: ascii) }
    return lines
  }

  private func strip(row: Int) -> String {
    var pen = ShadePen(on: terminal)
    for cell in 0..<cells {
      let range = (cell * group)..<min((cell + 1) * group, map.columns.count)
      let known = map.values[row][range].filter { !$0.isNaN }
      let shown = known.max { map.strength(of: $0) < map.strength(of: $1) }
      pen.draw(
        shown.flatMap { map.fraction(of: $0) }, width: cellWidth, colors: map.colors)
    }
    return pen.finished()
  }

  /// The labels of the columns, each beginning under its cell.
  private var axis: String {
    let labels = map.columns.map { displayText($0, ascii: ascii) }
    let ticks = AxisTicks(labels, columnWidth: Double(cellWidth) / Double(group)) {
      Double(displayWidth($0) + 2)
    }
    var line = String(repeating: " ", count: labelWidth + 1)
    var end = labelWidth
    for column in ticks.columns {
      let start = labelWidth + 1 + column / group * cellWidth
      let label = labels[column]
      guard start > end || end == labelWidth, start + displayWidth(label) <= terminal.width else {
        continue
      }
      line = padded(line, to: start) + label
      end = start + displayWidth(label)
    }
    return line
  }

  private var axisTitle: [String] {
    let text = displayText(map.columnAxis, ascii: ascii)
    let area = cells * cellWidth
    return wrapped(text, to: terminal.width, ascii: ascii).map { line in
      let size = displayWidth(line)
      let centred = labelWidth + 1 + max(0, (area - size) / 2)
      return String(repeating: " ", count: max(0, min(centred, terminal.width - size))) + line
    }
  }

  /// The name of the value, the lowest one, the shades in between, the highest one.
  private var legend: String {
    let low = shortNumber(map.scale.lowerBound)
    let high = shortNumber(map.scale.upperBound)
    let left = terminal.width - low.count - high.count - 3
    let name = cut(
      displayText(map.valueName, ascii: ascii), to: max(1, left - 4), ascii: ascii)
    let room = min(20, left - displayWidth(name))
    var pen = ShadePen(on: terminal)
    for step in 0..<max(room, 0) {
      pen.draw(Double(step) / Double(max(1, room - 1)), width: 1, colors: map.colors)
    }
    return "\(name) \(low) \(pen.finished()) \(high)"
  }

  private var notes: [String] {
    var notes: [String] = []
    let ends = [("baseline", map.baseline), ("clean", map.clean)].compactMap { name, value in
      value.map { "\(name) \(shortNumber($0))" }
    }
    if !ends.isEmpty { notes.append(ends.joined(separator: ", ")) }
    if let peak = map.peak {
      let value = shortNumber(map.values[peak.row][peak.column])
      let token = cut(map.label(row: peak.row, ascii: ascii), to: 40, ascii: ascii)
      let column = displayText(map.columns[peak.column], ascii: ascii)
      // Rows that say it themselves, as tokens do, have no axis.
      let isNamed = !map.rowAxis.isEmpty
      let row = isNamed ? "\(displayText(map.rowAxis, ascii: ascii)) \(token)" : token
      let name = isNamed ? displayText(map.columnAxis, ascii: ascii) : "column"
      notes.append("strongest \(value) at \(row), \(name) \(column)")
    }
    if group > 1 { notes.append("a cell is the strongest of \(group) columns") }
    if map.hasGaps { notes.append("\(ShadePen(on: terminal).gap) no value") }
    return notes
  }
}
