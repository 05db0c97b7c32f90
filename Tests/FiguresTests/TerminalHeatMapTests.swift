import Figures
import Testing

@Suite struct TerminalHeatMapTests {
  /// Three tokens, six layers: a row of gaps and rising values, one flat, one with a peak.
  private func small() throws -> HeatMap {
    try HeatMap(
      title: "Restoring state", rows: [.init("The", isSubject: true), .init(" Eiff"), .init("日本")],
      columns: (0..<6).map(String.init),
      values: [
        [.nan, 0, 0.25, 0.5, 0.75, 1], [0, 0, 0, 0, 0, 0], [0, 0.3, 0.6, 0.3, 0, -1],
      ],
      valueName: "p(Paris)", columnAxis: "restored layer", baseline: 0, clean: 0.9)
  }

  @Test func `without colour the cells are shades`() throws {
    let lines = TerminalHeatMap(try small(), on: Terminal(width: 24, ink: .shades)).lines
    #expect(
      lines == [
        "Restoring state",
        " The* ···   ░░░▒▒▒▓▓▓███",
        " Eiff                   ",
        " 日本    ░░░▓▓▓░░░      ",
        "      0  1  2  3  4  5",
        "        restored layer",
        "",
        "p(Paris) 0   ░░▒▒▓▓███ 1",
        "baseline 0, clean 0.9",
        "strongest 1 at The*,",
        "column 5",
        "· no value",
      ])
  }

  @Test func `in the C locale everything is ASCII`() throws {
    let lines = TerminalHeatMap(try small(), on: Terminal(width: 40, ink: .ascii)).lines
    #expect(lines.joined().allSatisfy { $0.isASCII })
    #expect(lines[1] == "         The* ????    ::::++++####@@@@")
  }

  @Test func `in 24-bit colour a cell is two spaces on its colour, reset at the end`() throws {
    let map = try HeatMap(
      title: "", rows: [.init("a")], columns: ["0", "1", "2", "3"], values: [[0, 0, 1, .nan]],
      valueName: "p", columnAxis: "layer", baseline: 0)
    let lines = TerminalHeatMap(map, on: Terminal(width: 20, ink: .trueColor)).lines
    #expect(
      lines[0]
        == "a \u{1B}[48;2;252;251;253m        \u{1B}[48;2;63;0;125m    \u{1B}[0m····")
    let indexed = TerminalHeatMap(map, on: Terminal(width: 20, ink: .indexed)).lines
    #expect(indexed[0] == "a \u{1B}[48;5;231m        \u{1B}[48;5;54m    \u{1B}[0m····")
  }

  @Test func `columns that do not fit share cells that show the strongest, and a note says so`()
    throws
  {
    let values = (0..<40).map { $0 == 7 ? 1.0 : 0.0 }
    let map = try HeatMap(
      title: "", rows: [.init("token")], columns: (0..<40).map(String.init), values: [values],
      valueName: "p", columnAxis: "layer", baseline: 0)
    let lines = TerminalHeatMap(map, on: Terminal(width: 20, ink: .ascii)).lines
    // 14 columns of room: three layers a cell, and layer 7 is in the third of 14 cells.
    #expect(lines[0] == "token   @           ")
    #expect(lines[1] == "      0     20")
    #expect(lines.suffix(3) == ["a cell is the", "strongest of 3", "columns"])
  }

  @Test(arguments: [20, 21, 33, 40, 80, 119, 300], Terminal.Ink.allCases)
  func `no line is wider than the terminal`(width: Int, ink: Terminal.Ink) throws {
    let tokens = ["", " ", "\n", "日本語日本語日本語日本語日本語日本語", "\u{1B}]0;x\u{7}", "`id`"]
    let rows = tokens.map { HeatMap.Row($0, isSubject: true) }
    for layers in [1, 2, 13, 30, 96, 700] {
      let map = try traceMap(layers: layers, rows: rows, gap: true)
      for line in TerminalHeatMap(map, on: Terminal(width: width, ink: ink)).lines {
        let visible = line.replacing(/\u{1B}\[[0-9;]*m/, with: "")
        #expect(displayWidth(visible) <= width, "\(layers) layers: \(visible)")
        #expect(!visible.unicodeScalars.contains { $0.properties.generalCategory == .control })
        if ink.hasColor, line.contains("\u{1B}") { #expect(line.contains("\u{1B}[0m")) }
      }
    }
  }

  @Test func `a map without any value is drawn as gaps`() throws {
    let map = try HeatMap(
      title: "", rows: [.init("a")], columns: ["0", "1"], values: [[.nan, .nan]], valueName: "p",
      columnAxis: "layer")
    let lines = TerminalHeatMap(map, on: Terminal(width: 20, ink: .shades)).lines
    #expect(lines[0] == "a ········")
    #expect(lines.last == "· no value")
    #expect(!lines.contains { $0.contains("strongest") })
  }
}
