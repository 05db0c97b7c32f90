import Figures
import Testing

struct TerminalLinePlotTests {
  @Test(arguments: [20, 40, 80, 200], [Terminal.Ink.shades, .ascii])
  func `no line is wider than the terminal`(width: Int, ink: Terminal.Ink) throws {
    let lines = TerminalLinePlot(try rolePlot(), on: Terminal(width: width, ink: ink)).lines
    #expect(lines.allSatisfy { displayWidth($0) <= width })
    if ink == .ascii { #expect(lines.joined().utf8.allSatisfy { $0 < 128 }) }
  }

  @Test func `a falling line falls, and its ends are labelled`() throws {
    let plot = try LinePlot(
      title: "Loss", columns: (0..<30).map(String.init),
      series: [.init("train", means: (0..<30).map { 3 - Double($0) / 10 })],
      valueName: "loss", columnAxis: "step")
    let lines = TerminalLinePlot(plot, on: Terminal(width: 60, ink: .ascii)).lines
    let rows = lines.filter { $0.contains("|") }
    let first = try #require(rows.firstIndex { $0.contains("*") })
    let last = try #require(rows.lastIndex { $0.contains("*") })
    let place = { (row: String) in
      row.firstIndex(of: "*").map { row.distance(from: row.startIndex, to: $0) } ?? -1
    }
    #expect(first < last)
    #expect(place(rows[first]) < place(rows[last]))
    #expect(lines.contains { $0.contains("train, last 0.1") })
    #expect(lines.contains { $0.hasPrefix("           0") && $0.contains("29") })
  }

  @Test func `intervals are named only where they are drawn`() throws {
    let plot = try LinePlot(
      title: "Accuracy by layer", columns: ["0", "1"],
      series: [.init("trained", means: [0.5, 0.75], lows: [0.3, 0.5], highs: [0.7, 0.9])],
      valueName: "accuracy", columnAxis: "layer", bandName: "95 % intervals", range: 0...1)
    let lines = TerminalLinePlot(plot, on: Terminal(width: 60, ink: .ascii)).lines
    #expect(!lines.joined().contains("intervals"))
    #expect(lines.contains { $0.hasPrefix("         1|") })
  }

  @Test func `more columns than the terminal has share places`() throws {
    let plot = try LinePlot(
      title: "Loss", columns: (0..<500).map(String.init),
      series: [.init("train", means: (0..<500).map { $0 < 250 ? 1 : .nan })],
      valueName: "loss", columnAxis: "step")
    let lines = TerminalLinePlot(plot, on: Terminal(width: 61, ink: .ascii)).lines
    #expect(lines.contains("a mark is the mean of 10 columns"))
    #expect(lines.joined().count { $0 == "*" } == 26)
  }
}
