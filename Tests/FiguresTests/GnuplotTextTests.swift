import Figures
import Testing

@Suite struct GnuplotTextTests {
  @Test(arguments: [
    ("Paris 75", "\"Paris 75\""),
    ("a\"b", "\"a\\042b\""),
    ("\\`@'\n", "\"\\134\\140\\100\\047\\012\""),
    ("0.014", "\"0\\056\\060\\061\\064\""),
    (".8x9", "\"\\056\\070x9\""),
    ("日本", "\"日本\""),
    ("", "\"\""),
  ])
  func `only letters, digits and spaces stand in a gnuplot string as they are`(
    text: String, string: String
  ) {
    #expect(gnuplotString(text) == string)
  }

  @Test func `a percent sign of a tick label is doubled`() {
    #expect(gnuplotTickLabel("%s5%") == "\"\\045\\045s5\\045\\045\"")
  }

  @Test func `no text from outside can end its string or begin a command`() throws {
    let hostile = (0..<128).compactMap { Unicode.Scalar($0) }.map { "a\($0)b\($0)" }
    let rows = hostile.map { HeatMap.Row($0) }
    let map = try HeatMap(
      title: hostile.joined(), rows: rows, columns: hostile,
      values: rows.map { _ in hostile.map { _ in 0.5 } }, valueName: hostile.joined(),
      columnAxis: hostile.joined())
    let plot = try LinePlot(
      title: hostile.joined(), columns: hostile,
      series: hostile.map { .init($0, means: hostile.map { _ in 1 }) },
      valueName: hostile.joined(), columnAxis: hostile.joined(), bandName: hostile.joined())
    let figure = Figure(title: hostile.joined(), panels: [.heatMap(map), .lines(plot)])
    let script = GnuplotScript(figure, format: .png, scale: 2).text
    // Strings are taken out by gnuplot's own rule; what is left are this program's commands.
    let commands = script.replacing(/"(?:[^"\\\n]|\\[0-7]{3})*"/, with: "STRING")
    #expect(!commands.contains { "\"\\`@'".contains($0) })
    #expect(
      commands.split(separator: "\n").allSatisfy { line in
        ["set ", "unset ", "plot ", "$", "EOD", "0.5 "].contains { line.hasPrefix($0) }
          || line.split(separator: " ").allSatisfy { Double($0) != nil }
      })
  }

  @Test func `a band is drawn from its own low to its own high, and named over the plot`() throws {
    let plot = try LinePlot(
      title: "", columns: ["0"], series: [.init("a", means: [0.5], lows: [0.125], highs: [0.625])],
      valueName: "accuracy", columnAxis: "layer", bandName: "Wilson intervals", range: 0...1)
    let script = GnuplotScript(Figure(panels: [.lines(plot)]), format: .png, scale: 1).text
    #expect(script.contains("0.0 0.5 0.125 0.625"))
    #expect(script.contains("Wilson intervals"))
    #expect(script.contains("set yrange [0.0:1.0]"))
  }
}
