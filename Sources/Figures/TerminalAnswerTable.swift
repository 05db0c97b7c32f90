internal import Foundation

/// An answer table as lines of text: names, probabilities with bars, and how they changed.
public struct TerminalAnswerTable: Sendable {
  private let table: AnswerTable
  private let terminal: Terminal
  private let ascii: Bool
  private let nameWidth: Int
  /// Terminal columns of one bar.
  private let barWidth: Int

  private static let numberWidth = 7
  private static let changeWidth = 10
  private static let logitWidth = 8

  /// Fits the table to the terminal's width.
  public init(_ table: AnswerTable, on terminal: Terminal) {
    (self.table, self.terminal) = (table, terminal)
    ascii = !terminal.isUnicode
    let ascii = ascii
    let names = table.rows.map { displayWidth(displayText($0.name, ascii: ascii)) }
    let longest = max(displayWidth(table.name), names.max() ?? 0)
    nameWidth = min(longest, max(6, terminal.width / 4))
    let columns = table.hasBefore ? 2 : 1
    let fixed =
      2 + nameWidth + columns * (Self.numberWidth + 3)
      + (table.hasBefore ? Self.changeWidth + Self.logitWidth : 0)
    barWidth = min(24, max(0, (terminal.width - fixed) / columns))
  }

  /// The heading, then a line for each answer; none wider than the terminal but for numbers.
  public var lines: [String] {
    let column = Self.numberWidth + 1 + barWidth
    var heading = "  " + padded(table.name, to: nameWidth)
    if table.hasBefore {
      heading += "  " + padded("before", to: column) + "  " + padded("after", to: column)
      heading += padded("change", to: Self.changeWidth, right: true)
      heading += padded("logit", to: Self.logitWidth, right: true)
    } else {
      heading += "  " + "probability"
    }
    return [style(trimmed(heading), "2")] + table.rows.map(line)
  }

  private func line(_ row: AnswerTable.Row) -> String {
    let name = cut(displayText(row.name, ascii: ascii), to: nameWidth, ascii: ascii)
    var line = "  " + padded(name, to: nameWidth)
    if table.hasBefore {
      line += "  " + share(row.before, color: "38;5;246")
      line += "  " + share(row.after, color: "38;5;37")
      line += change(row)
      line += padded(row.logitChange.map(Self.signed) ?? "", to: Self.logitWidth, right: true)
    } else {
      line += "  " + share(row.after, color: "38;5;37")
    }
    return trimmed(line)
  }

  /// A probability with its bar.
  private func share(_ value: Double?, color: String) -> String {
    guard let value else { return String(repeating: " ", count: Self.numberWidth + 1 + barWidth) }
    let bar = bar(value)
    let drawn = style(bar, color) + String(repeating: " ", count: barWidth - bar.count)
    return padded(Self.percent(value), to: Self.numberWidth, right: true) + " " + drawn
  }

  /// A bar, by eighths of a column where characters for them are at hand.
  private func bar(_ value: Double) -> String {
    guard value.isFinite else { return "" }
    let length = min(max(value, 0), 1) * Double(barWidth)
    if ascii { return String(repeating: "#", count: Int(length.rounded())) }
    let rest = Int((length - length.rounded(.down)) * 8)
    return String(repeating: "█", count: Int(length))
      + (rest > 0 ? String(Array("▏▎▍▌▋▊▉")[rest - 1]) : "")
  }

  private func change(_ row: AnswerTable.Row) -> String {
    guard let before = row.before else { return padded("", to: Self.changeWidth) }
    let change = row.after - before
    let text = padded(
      Self.percent(change, signed: true), to: Self.changeWidth, right: true)
    return style(text, change > 0 ? "32" : "31", if: abs(change) >= 0.0005)
  }

  /// `62.1 %`, and what is smaller with as many digits as it needs.
  static func percent(_ share: Double, signed: Bool = false) -> String {
    guard share.isFinite else { return "\(share)" }
    let value = share * 100
    let sign = signed ? "+" : ""
    if value != 0, abs(value) < 0.05 {
      return abs(value) < 0.005
        ? (signed ? "0.0" : "<0.01") + " %" : String(format: "%\(sign).2f %%", value)
    }
    return String(format: "%\(sign).1f %%", value)
  }

  static func signed(_ value: Double) -> String { String(format: "%+.2f", value) }

  private func style(_ text: String, _ code: String, if isStyled: Bool = true) -> String {
    guard terminal.ink.hasColor, isStyled, !text.isEmpty else { return text }
    return "\u{1B}[\(code)m\(text)\u{1B}[0m"
  }

  private func trimmed(_ line: String) -> String {
    var line = line
    while line.last == " " { line.removeLast() }
    return line
  }
}
