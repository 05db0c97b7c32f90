/// The state of a run in words, as a bar for a terminal or as a sentence for a log.
struct ProgressText {
  let label: String
  let unit: String
  let done: Int
  let failed: Int
  let total: Int
  /// How many of the done ones this run did.
  let doneNow: Int
  /// Seconds since this run began.
  let elapsed: Double

  /// Of `whole`, what is done, rounded down: only a finished run fills it.
  private func part(of whole: Int) -> Int {
    total > 0 ? min(Int(Double(done) * Double(whole) / Double(total)), whole) : whole
  }

  private var percent: String { "\(part(of: 100))%" }

  /// Units a second; nil before the first one.
  private var rate: Double? { doneNow > 0 && elapsed > 0 ? Double(doneNow) / elapsed : nil }

  private var rateText: String? {
    rate.map { rate in
      if rate >= 0.1 { return "\(shortNumber(rate))/s" }
      return rate * 60 >= 0.1
        ? "\(shortNumber(rate * 60))/min" : "\(shortNumber(rate * 3600))/h"
    }
  }

  private var left: String? { rate.map { clockText(Double(total - done) / $0) } }

  /// A sentence without control characters.
  var plain: String {
    var parts = ["\(label): \(done) of \(total) \(unit) (\(percent))"]
    if failed > 0 { parts.append("\(failed) failed") }
    if let rateText { parts.append(rateText) }
    parts.append("elapsed \(clockText(elapsed))")
    if done < total { parts.append("remaining \(left ?? "unknown")") }
    return parts.joined(separator: ", ")
  }

  /// A line of at most one column less than the screen, lest it wraps.
  ///
  /// What matters least goes first when the room is short: the label, the rate, the elapsed time,
  /// the bar, the percentage.
  func bar(on screen: Terminal) -> String {
    let ascii = !screen.isUnicode
    let room = screen.width - 1
    let count = "\(done)/\(total)"
    let failures = failed > 0 ? " \(failed) failed" : ""
    let remaining = done < total ? " \(left ?? "--:--") left" : ""
    let spent = " \(clockText(elapsed))" + (remaining.isEmpty ? "" : ",")
    let rate = rateText.map { "  \($0)" } ?? ""
    let name = cut(label, to: 24, ascii: ascii) + " "
    let tails = [
      "\(count) \(unit) \(percent)\(failures)\(rate) \(spent)\(remaining)",
      "\(count) \(percent)\(failures) \(spent)\(remaining)",
      "\(count) \(percent)\(failures)\(remaining)",
      "\(count) \(percent)\(failures)",
      "\(percent)\(failures)",
      percent,
    ]
    for (head, least) in [(name, 10), ("", 10)] {
      for tail in tails.prefix(2) {
        let free = room - displayWidth(head) - displayWidth(tail) - 2
        if free >= least { return head + drawn(min(free, 40), ascii) + "  " + tail }
      }
    }
    for tail in tails.dropFirst(2) where displayWidth(tail) <= room {
      let free = room - displayWidth(tail) - 1
      return free >= 6 ? drawn(min(free, 40), ascii) + " " + tail : tail
    }
    return cut(percent, to: room, ascii: ascii)
  }

  private func drawn(_ columns: Int, _ ascii: Bool) -> String {
    let full = part(of: columns)
    return String(repeating: ascii ? "#" : "█", count: full)
      + String(repeating: ascii ? "." : "░", count: columns - full)
  }
}
