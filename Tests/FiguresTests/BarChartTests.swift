import Foundation
import Inputs
import Testing

@testable import Figures

/// Heads with effects to both sides, and intervals.
private func headBars(_ count: Int = 6, series: Int = 1, label: String = "") throws -> BarChart {
  try BarChart(
    title: "Ablating single heads", categories: (0..<count).map { "\($0 / 9).\($0 % 9)\(label)" },
    series: (0..<series).map { number in
      let means = (0..<count).map { ($0 % 2 == 0 ? 1 : -1) * Double($0 + 1) / Double(count) }
      return .init(
        "mode \(number)", means: means, lows: means.map { $0 - 0.1 }, highs: means.map { $0 + 0.2 })
    },
    valueName: "change of the logit difference", categoryAxis: "layer.head",
    bandName: "95 % intervals")
}

@Suite struct BarChartTests {
  @Test func `the axis spans the bars, their intervals and the baseline`() throws {
    let chart = try BarChart(
      title: "", categories: ["a", "b"],
      series: [.init("", means: [3, .nan], lows: [2, 0], highs: [5, 9])], valueName: "",
      baseline: 1)
    #expect(chart.span.lowerBound <= 1 && chart.span.lowerBound >= 0)
    #expect(chart.span.upperBound >= 5 && chart.span.upperBound < 6)
    #expect(try headBars().span.contains(-0.1))
  }

  @Test(arguments: [([], [[]]), (["a"], []), (["a", "b"], [[1.0]])])
  func `a chart without bars, or with other numbers of values than names, is refused`(
    categories: [String], values: [[Double]]
  ) {
    let refusal = #expect(throws: Refusal.self) {
      try BarChart(
        title: "heads", categories: categories, series: values.map { .init("s", means: $0) },
        valueName: "")
    }
    #expect(refusal?.kind == .store && refusal?.field.hasPrefix("heads") == true)
  }

  @Test(arguments: [20, 40, 80, 200], [Terminal.Ink.shades, .ascii])
  func `no line is wider than the terminal`(width: Int, ink: Terminal.Ink) throws {
    for chart in [
      try headBars(), try headBars(300), try headBars(4, series: 5),
      try headBars(3, label: String(repeating: " 東京 long", count: 30)),
    ] {
      let lines = TerminalBarChart(chart, on: Terminal(width: width, ink: ink)).lines
      #expect(lines.allSatisfy { displayWidth($0) <= width })
      if ink == .ascii { #expect(lines.joined().utf8.allSatisfy { $0 < 128 }) }
    }
  }

  @Test func `bars go from the baseline to both sides, as far as their values`() throws {
    let chart = try BarChart(
      title: "t", categories: ["up", "down", "none"],
      series: [.init("s", means: [1, -0.5, .nan], lows: [0.9, .nan, 0], highs: [1.1, .nan, 1])],
      valueName: "effect", bandName: "errors", range: -2...2)
    let lines = TerminalBarChart(chart, on: Terminal(width: 61, ink: .ascii)).lines
    func row(_ name: String) throws -> String {
      try #require(lines.first { $0.hasPrefix(name) || $0.contains(" \(name) ") })
    }
    let (up, down) = (try row("  up"), try row("down"))
    let line = try #require(
      down.firstIndex(of: "|").map { down.distance(from: down.startIndex, to: $0) })
    #expect(!up.prefix(line).contains("#") && up.dropFirst(line).contains("#"))
    // The mean stands within its interval.
    let marks = up.filter { "[*]".contains($0) }
    #expect(marks.hasPrefix("[*]") && up.contains("1 [0.9, 1.1]"), "\(up)")
    // Half as long, and to the left.
    let (long, short) = (up.count { "#-*".contains($0) }, down.count { $0 == "#" })
    #expect(abs(long - 2 * short) <= 3 && short > 2, "\(up)\n\(down)")
    #expect(down.contains("#|"))
    #expect(try row("none").hasSuffix("no value"))
    #expect(lines.contains("[-*-] mean, errors") && lines.contains("bars from 0"))
  }

  @Test func `of many bars the farthest are drawn, and the others counted`() throws {
    let lines = TerminalBarChart(try headBars(270), on: Terminal(width: 80, ink: .shades)).lines
    #expect(lines.contains("and 230 more, nearer to the baseline"))
    #expect(lines.contains { $0.hasPrefix("29.8") } && !lines.contains { $0.hasPrefix(" 0.0") })
    #expect(lines.count { $0.contains("├") || $0.contains("┼") } == 40 + 1)
  }

  @Test func `each series has bars of its own and a line of the legend`() throws {
    let lines = TerminalBarChart(
      try headBars(2, series: 14), on: Terminal(width: 80, ink: .ascii)
    ).lines
    let legend = lines.filter { $0.dropFirst(1).hasPrefix(" mode ") }
    #expect(Set(legend.compactMap(\.first)).count == 14)
  }

  @Test func `bars stand where their names fit below them, and lie where they do not`() throws {
    #expect(FigureLayout.isUpright(try headBars()))
    #expect(!FigureLayout.isUpright(try headBars(270)))
    #expect(!FigureLayout.isUpright(try headBars(label: " with what is done to it")))
  }

  @Test(.enabled(if: hasGnuplot), arguments: [(1, 1), (6, 1), (6, 3), (3, 25), (270, 1)])
  func `charts of any shape are drawn, with their names`(count: Int, series: Int) async throws {
    for label in ["", " and a name of some length"] {
      let figure = Figure(
        title: "Ablation", panels: [.bars(try headBars(count, series: series, label: label))])
      let png = try await FigureWriter().picture(of: figure, as: .png)
      #expect(png.count > 1000)
      let reader = XMLElements()
      #expect(reader.read(try await FigureWriter().picture(of: figure, as: .svg)))
      for text in ["0.0\(label)", "layer.head", "change of the logit difference"] {
        #expect(reader.texts.contains(text), "\(text)")
      }
      #expect(reader.texts.contains("mode 0") == (series > 1))
    }
  }

  @Test(.enabled(if: hasGnuplot)) func `bars without any value are drawn`() async throws {
    let chart = try BarChart(
      title: "", categories: ["%s", "`x`"],
      series: [.init("\"", means: [.nan, .infinity], lows: [.nan, 0], highs: [0, .nan])],
      valueName: "", range: 0...0)
    let figure = Figure(panels: [.bars(chart)])
    #expect(try await FigureWriter().picture(of: figure, as: .png).count > 1000)
  }
}
