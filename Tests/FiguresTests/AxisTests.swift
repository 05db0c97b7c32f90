import Testing

@testable import Figures

private func lines(_ values: [[Double]], name: String = "loss") throws -> LinePlot {
  try LinePlot(
    title: "t", columns: values[0].indices.map(String.init),
    series: values.enumerated().map { .init("run \($0)", means: $1) }, valueName: name,
    columnAxis: "step")
}

@Suite struct AxisTests {
  @Test(arguments: [[0.02, 3.0], [0, 1], [5, 5], [0, 0], [1e-200, 3e-200]])
  func `an axis of values that are none below zero does not fall below it`(
    values: [Double]
  ) throws {
    for sign in [1.0, -1] {
      let span = try lines([values.map { sign * $0 }]).span
      #expect(span.lowerBound < span.upperBound)
      let isOver = values == [0, 0] || (sign > 0 ? span.lowerBound >= 0 : span.upperBound <= 0)
      #expect(isOver && span.contains(sign * values[0]), "\(span)")
    }
    #expect(try lines([[10, 11]]).span.lowerBound > 9)
    #expect(try lines([[-1, 2]]).span.lowerBound < -1)
  }

  @Test(arguments: [
    -0.00015...0.00012, 0...1, 100_000.001...100_000.002, -3e-12...4e-12, 1e99...1e100, 0.1...1000,
  ])
  func `numbers along an axis are round, in it, few, and all different`(
    span: ClosedRange<Double>
  ) {
    let numbers = AxisNumbers(span)
    #expect((3...7).contains(numbers.values.count), "\(numbers.labels)")
    #expect(Set(numbers.labels).count == numbers.labels.count, "\(numbers.labels)")
    let slack = (span.upperBound - span.lowerBound) * 1e-6
    for (value, label) in zip(numbers.values, numbers.labels) {
      #expect(value >= span.lowerBound - slack && value <= span.upperBound + slack)
      #expect(abs((Double(label) ?? .nan) - value) <= abs(value) * 1e-9, "\(label) for \(value)")
    }
    let few = AxisNumbers(span, room: 60)
    #expect(
      FigureLayout.widest(few.labels) * Double(few.labels.count) <= 60 || few.labels.count < 2)
  }

  @Test func `long numbers beside an axis leave room for its name`() throws {
    let plot = try lines([[-0.0000125, 0.0000325]], name: "loss, nats per token")
    let place = try #require(FigureLayout(Figure(panels: [.lines(plot)])).places.first)
    let labels = FigureLayout.widest(AxisNumbers(plot.span).labels)
    // The name is a line of text, whose middle is 13 pixels from the left.
    #expect(place.leftMargin - 13 - FigureLayout.fontSize / 2 > labels + 5)
    #expect(place.left >= place.leftMargin)
  }

  @Test func `lines past the tenth are dashed, and have marks of their own in the terminal`() throws
  {
    let plot = try lines((0..<25).map { [Double($0), Double($0) + 1] })
    let script = GnuplotScript(Figure(panels: [.lines(plot)]), format: .svg, scale: 1).text
    let drawn = script.split(separator: "\n").last { $0.hasPrefix("plot ") } ?? ""
    let styles = drawn.split(separator: "$").dropFirst().compactMap { part in
      part.firstRange(of: "linewidth").map {
        part[$0.lowerBound...].filter { $0 != "," && $0 != " " }
      }
    }
    #expect(styles.count == 25 && Set(styles).count == 25)
    for ink in [Terminal.Ink.shades, .ascii] {
      let legend = TerminalLinePlot(plot, on: Terminal(width: 80, ink: ink)).lines
        .filter { $0.contains(", last") }
      #expect(legend.count == 25 && Set(legend.compactMap(\.first)).count == 25)
    }
  }

  @Test func `names that begin alike are told apart by their ends`() {
    let names = (0..<3).map { "LowRankRotatedSpaceIntervention of width \($0)" }
    let short = names.map { cutWithin($0, to: 28) }
    #expect(Set(short).count == 3 && short.allSatisfy { displayWidth($0) <= 28 })
    #expect(cutWithin("short", to: 28) == "short")
    #expect(displayWidth(cutWithin(String(repeating: "東", count: 40), to: 28)) <= 28)
  }
}
