import Foundation
import Testing

@testable import Figures

private func map(_ tokens: [String], title: String = "t") throws -> HeatMap {
  try HeatMap(
    title: title, rows: tokens.map { .init($0) }, columns: ["0", "1"],
    values: tokens.map { _ in [0, 1] }, valueName: "p", columnAxis: "layer")
}

@Suite struct FontCoverageTests {
  private static let latin = FontCoverage(list: "a0-17f 20-7e\n2026 20-7e 4e00-4e0f\n\nzz 9-2\n")

  @Test(arguments: [
    ("東京", "\\u{6771}\\u{4eac}", "fonts-noto-cjk"),
    ("टॉ", "\\u{91f}\\u{949}", "fonts-noto-core"), ("ก", "\\u{e01}", "fonts-noto-core"),
    ("🗼", "\\u{1f5fc}", "fonts-noto-color-emoji"),
  ])
  func `what no font has is an escape, and its package is named`(
    text: String, escape: String, package: String
  ) throws {
    let figure = Figure(title: text, panels: [.heatMap(try map(["naïve", "a\(text)b", "\n"]))])
    let (drawn, note) = Self.latin.drawable(figure)
    #expect(drawn.title == escape)
    #expect(drawn.panels == [.heatMap(try map(["naïve", "a\(escape)b", "\n"]))])
    #expect(note?.contains(package) == true, "\(note ?? "")")
  }

  @Test func `what the fonts have is left as it is`() throws {
    let figure = Figure(title: "naïve … 一", panels: [.heatMap(try map(["ſ", "\u{FE0F}é\u{1B}"]))])
    let (drawn, note) = Self.latin.drawable(figure)
    #expect(drawn == figure && note == nil)
  }

  @Test func `every text of every panel is looked at`() throws {
    let series = [LinePlot.Series("名", means: [1])]
    let figure = Figure(panels: [
      .lines(
        try LinePlot(
          title: "名", columns: ["名"], series: series, valueName: "名", columnAxis: "名",
          bandName: "名")),
      .bars(
        try BarChart(
          title: "名", categories: ["名"], series: series, valueName: "名", categoryAxis: "名",
          bandName: "名")),
      .heatMap(
        try HeatMap(
          title: "名", rows: [.init("名")], columns: ["名"], values: [[1]], valueName: "名",
          columnAxis: "名", rowAxis: "名")),
    ])
    #expect("\(figure)".contains("名"))
    #expect(!"\(Self.latin.drawable(figure).figure)".contains("名"))
  }

  @Test(.enabled(if: hasGnuplot)) func `a PNG shows escapes where the fonts end, an SVG the text`()
    async throws
  {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "fonts-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let program = folder.appendingPathComponent("fc-list")
    try "#!/bin/sh\necho 20-7e\n".write(to: program, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program.path)
    let writer = FigureWriter(
      searchPath: "\(folder.path):\(ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin")")
    let figure = Figure(panels: [.heatMap(try map(["東京", "tower"]))])
    let png = folder.appendingPathComponent("f.png").path
    let notes = try await writer.write(figure, to: png, as: .png)
    #expect(notes.count == 1 && notes[0].contains("fonts-noto-cjk"), "\(notes)")
    let escaped = Figure(panels: [.heatMap(try map(["\\u{6771}\\u{4eac}", "tower"]))])
    let expected = try await writer.picture(of: escaped, as: .png)
    #expect([UInt8](try Data(contentsOf: URL(fileURLWithPath: png))) == expected)
    let svg = folder.appendingPathComponent("f.svg").path
    #expect(try await writer.write(figure, to: svg, as: .svg) == [])
    #expect(try String(contentsOfFile: svg, encoding: .utf8).contains("東京"))
  }

  @Test func `without fontconfig all is drawn as it is`() async {
    #expect(await FontCoverage.installed(searchPath: "/nonexistent") == nil)
  }
}
