import Foundation
import Inputs
import Testing

@testable import Figures

/// A folder of its own for each test, taken away after it.
private func withFolder(_ body: (URL) async throws -> Void) async throws {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
    "figures-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  try await body(folder)
}

/// A program by the name of gnuplot that does what the test wants.
private func fakeGnuplot(in folder: URL, _ script: String) throws {
  let program = folder.appendingPathComponent("gnuplot")
  try "#!/bin/sh\n\(script)\n".write(to: program, atomically: true, encoding: .utf8)
  try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program.path)
}

@Suite(.timeLimit(.minutes(2))) struct FigureWriterTests {
  private func names(in folder: URL) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
  }

  @Test(.enabled(if: hasGnuplot))
  func `a PNG has its signature, the size of the layout, and no file beside it`() async throws {
    try await withFolder { folder in
      let path = folder.appendingPathComponent("trace.png").path
      let figure = Figure(panels: [.heatMap(try traceMap(gap: true)), .lines(try rolePlot())])
      try await FigureWriter().write(figure, to: path, as: .png)
      let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
      #expect(bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]))
      let width = bytes[16..<20].reduce(0) { $0 << 8 | Int($1) }
      let height = bytes[20..<24].reduce(0) { $0 << 8 | Int($1) }
      #expect((1500...3000).contains(width) && (400...1000).contains(height))
      #expect(bytes.suffix(8).starts(with: Array("IEND".utf8)))
      #expect(try names(in: folder) == ["trace.png"])
    }
  }

  @Test(.enabled(if: hasGnuplot))
  func `an SVG is well-formed and holds hostile tokens as the text they are`() async throws {
    let tokens = [
      "\"; system \"touch ", "`touch `", "@x", "100% %s %d", "a\nset output", "\\", "'", "<&>",
      "{/b ^_}", "$d0", "\u{FFFF}\u{1B}", "日本", "0.014",
    ]
    let shown = [
      "\"; system \"touch ", "`touch `", "@x", "100% %s %d", "a\\nset output", "\\", "'",
      "&lt;&amp;&gt;", "{/b ^_}", "$d0", "\\u{ffff}\\u{1b}", "日本", "0.014",
    ]
    let map = try traceMap(layers: 12, rows: tokens.map { .init($0, isSubject: true) })
    let bytes = try await FigureWriter(
      searchPath: ProcessInfo.processInfo.environment["PATH"] ?? ""
    ).picture(of: Figure(title: tokens.joined(separator: "|"), panels: [.heatMap(map)]), as: .svg)
    let reader = XMLElements()
    #expect(reader.read(bytes))
    let texts = Set(reader.texts)
    for token in shown {
      let plain = token.replacing("&lt;", with: "<").replacing("&gt;", with: ">")
        .replacing("&amp;", with: "&")
      #expect(texts.contains("\(plain)*"), "\(plain)")
    }
  }

  @Test(.enabled(if: hasGnuplot), arguments: [1, 6, 60])
  func `the name of the colour bar is whole, and within the picture`(layers: Int) async throws {
    let name = "log_probability_difference_recovery"
    let map = try HeatMap(
      title: "", rows: spaceNeedle, columns: (0..<layers).map(String.init),
      values: spaceNeedle.map { _ in (0..<layers).map(Double.init) }, valueName: name,
      columnAxis: "layer")
    let figure = Figure(panels: [.heatMap(map)])
    let reader = XMLElements()
    #expect(reader.read(try await FigureWriter().picture(of: figure, as: .svg)))
    #expect(reader.texts.contains(name))
    let layout = FigureLayout(figure)
    let place = try #require(layout.places.first)
    #expect(place.right + 10 + FigureLayout.textWidth(name) <= layout.width)
  }

  @Test(.enabled(if: hasGnuplot))
  func `a token that is a command for gnuplot or a shell runs nothing`() async throws {
    try await withFolder { folder in
      let mark = folder.appendingPathComponent("ran").path
      let tokens = [
        "\"; system \"touch \(mark)\"; \"", "`touch \(mark)`", "' ; system 'touch \(mark)' ; '",
        "\n! touch \(mark)\n", "\\\"; system(\"touch \(mark)\") #", "@mark", "$(touch \(mark))",
      ]
      let map = try HeatMap(
        title: tokens.joined(), rows: tokens.map { .init($0) }, columns: tokens,
        values: tokens.map { _ in tokens.map { _ in 1 } }, valueName: tokens[1],
        columnAxis: tokens[0])
      let plot = try LinePlot(
        title: tokens[1], columns: tokens,
        series: tokens.map { .init($0, means: tokens.map { _ in 1 }) }, valueName: tokens[0],
        columnAxis: tokens[2])
      let figure = Figure(title: tokens[1], panels: [.heatMap(map), .lines(plot)])
      for format in FigureFormat.allCases {
        let path = folder.appendingPathComponent("`touch ran`.\(format.rawValue)").path
        try await FigureWriter().write(figure, to: path, as: format)
      }
      #expect(try names(in: folder) == ["`touch ran`.png", "`touch ran`.svg"])
    }
  }

  @Test(.enabled(if: hasGnuplot), arguments: [(1, 1), (1, 6), (7, 1), (2, 2), (300, 200)])
  func `a map of any shape is drawn`(rows: Int, layers: Int) async throws {
    let map = try traceMap(layers: layers, rows: (0..<rows).map { .init(" token\($0)") })
    for format in FigureFormat.allCases {
      let bytes = try await FigureWriter(searchPath: "/usr/bin:/bin").picture(
        of: Figure(panels: [.heatMap(map)]), as: format)
      #expect(bytes.count > 1000)
    }
  }

  @Test(.enabled(if: hasGnuplot)) func `a map without values is drawn`() async throws {
    let map = try HeatMap(
      title: "", rows: [.init("a"), .init("b")], columns: ["0", "1"],
      values: [[.nan, .nan], [.nan, .nan]], valueName: "", columnAxis: "")
    let plot = try LinePlot(
      title: "", columns: ["0"], series: [.init("", means: [.nan], standardErrors: [.nan])],
      valueName: "", columnAxis: "")
    let bytes = try await FigureWriter(searchPath: "/usr/bin:/bin").picture(
      of: Figure(panels: [.heatMap(map), .lines(plot)]), as: .png)
    #expect(bytes.count > 1000)
  }

  @Test func `without gnuplot the refusal says which package to install`() async throws {
    try await withFolder { folder in
      let path = folder.appendingPathComponent("trace.png").path
      let writer = FigureWriter(searchPath: folder.path)
      let figure = Figure(panels: [.heatMap(try traceMap())])
      let refusal = await #expect(throws: Refusal.self) {
        try await writer.write(figure, to: path, as: .png)
      }
      #expect(refusal?.kind == .resources)
      #expect(refusal?.expected.contains("gnuplot-nox") == true)
      #expect(try names(in: folder) == [])
    }
  }

  @Test func `a gnuplot that fails, is killed, or draws nothing is refused by name`() async throws {
    let figure = Figure(panels: [.heatMap(try traceMap())])
    for (script, found) in [
      ("exit 3", "exited(3)"), ("exit 0", "0 bytes that are no PNG"),
      ("echo broken line >&2; exit 1", "broken line"),
      ("echo no picture", "11 bytes that are no PNG"), ("kill -9 $$", "signaled(9)"),
      ("while :; do echo flood; done >&2", "exceeded the limit"),
    ] {
      try await withFolder { folder in
        try fakeGnuplot(in: folder, script)
        let path = folder.appendingPathComponent("trace.png").path
        let refusal = await #expect(throws: Refusal.self) {
          try await FigureWriter(searchPath: "\(folder.path):/usr/bin:/bin").write(
            figure, to: path, as: .png)
        }
        #expect(refusal?.kind == .resources && refusal?.field == "gnuplot")
        #expect(refusal?.found.contains(found) == true, "\(refusal?.found ?? "")")
        #expect(try names(in: folder) == ["gnuplot"])
      }
    }
  }

  @Test func `a gnuplot that hangs is ended at the time limit`() async throws {
    try await withFolder { folder in
      try fakeGnuplot(in: folder, "exec sleep 60")
      let writer = FigureWriter(
        searchPath: "\(folder.path):/usr/bin:/bin", timeLimit: .milliseconds(300))
      let figure = Figure(panels: [.heatMap(try traceMap())])
      let refusal = await #expect(throws: Refusal.self) {
        try await writer.picture(of: figure, as: .png)
      }
      #expect(refusal?.found.hasPrefix("no picture after") == true)
    }
  }

  @Test(.enabled(if: hasGnuplot))
  func `a picture that cannot be written leaves no draft, and an older one stays whole`()
    async throws
  {
    try await withFolder { folder in
      let figure = Figure(panels: [.heatMap(try traceMap(layers: 4))])
      let path = folder.appendingPathComponent("none/trace.png").path
      let refusal = await #expect(throws: Refusal.self) {
        try await FigureWriter().write(figure, to: path, as: .png)
      }
      #expect(refusal?.file == path && refusal?.kind == .resources)

      // A folder under the picture's name: the draft is written, but cannot take the name.
      let taken = folder.appendingPathComponent("taken.png")
      try FileManager.default.createDirectory(at: taken, withIntermediateDirectories: true)
      await #expect(throws: Refusal.self) {
        try await FigureWriter().write(figure, to: taken.path, as: .png)
      }
      #expect(try names(in: folder) == ["taken.png"])

      let older = folder.appendingPathComponent("older.png")
      try "older".write(to: older, atomically: true, encoding: .utf8)
      let broken = FigureWriter(searchPath: folder.path)
      await #expect(throws: Refusal.self) {
        try await broken.write(figure, to: older.path, as: .png)
      }
      #expect(try String(contentsOf: older, encoding: .utf8) == "older")
      try await FigureWriter().write(figure, to: older.path, as: .png)
      #expect(try Data(contentsOf: older).count > 1000)
    }
  }

  @Test func `a picture needs a panel and takes at most twenty-four`() async throws {
    let map = try traceMap(layers: 2)
    for count in [0, 25] {
      let figure = Figure(panels: Array(repeating: .heatMap(map), count: count))
      let refusal = await #expect(throws: Refusal.self) {
        try await FigureWriter().picture(of: figure, as: .svg)
      }
      #expect(refusal?.kind == .commandLine)
    }
  }

  @Test func `the format is what the file's name ends in`() throws {
    #expect(try FigureFormat(path: "a/b.PNG") == .png)
    #expect(try FigureFormat(path: "x.tar.svg") == .svg)
    for path in ["a.pdf", "png", "", "a/.", "a.png/b"] {
      #expect(throws: Refusal.self) { try FigureFormat(path: path) }
    }
  }
}
