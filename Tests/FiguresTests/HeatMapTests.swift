import Figures
import Inputs
import Testing

/// A map of one row, with what the test is about.
private func row(
  _ values: [Double], colors: ColorScale = .purples, baseline: Double? = nil, clean: Double? = nil
) throws -> HeatMap {
  try HeatMap(
    title: "t", rows: [.init("a")], columns: values.indices.map(String.init), values: [values],
    valueName: "p", colors: colors, columnAxis: "layer", baseline: baseline, clean: clean)
}

@Suite struct HeatMapTests {
  @Test func `the scale begins at the baseline and ends at the highest value`() throws {
    #expect(try row([0.1, 0.9, .nan], baseline: 0.2).scale == 0.2...0.9)
    #expect(try row([0.1, 0.9]).scale == 0.1...0.9)
  }

  @Test func `a value below the baseline takes the lowest colour`() throws {
    let map = try row([0.1, 0.5, 0.75], baseline: 0.25)
    #expect(map.fraction(of: 0.1) == 0)
    #expect(map.fraction(of: 0.5) == 0.5)
    #expect(map.fraction(of: .nan) == nil)
  }

  @Test func `a diverging scale is as wide on either side of the baseline`() throws {
    let map = try row([-0.5, 0.25], colors: .redBlue, baseline: 0)
    #expect(map.scale == -0.5...0.5)
    #expect(map.peak?.column == 0)
  }

  @Test(arguments: [
    [0.5, 0.5], [0, 0], [.nan, .nan], [.infinity, -.infinity], [1e300, -1e300], [1e100, -1e100],
    [.leastNonzeroMagnitude, 0],
  ])
  func `every table has a scale of some width`(values: [Double]) throws {
    for baseline in [nil, 0.5, 1e100, .nan] {
      for colors in [ColorScale.greens, .redBlue] {
        let scale = try row(values, colors: colors, baseline: baseline).scale
        #expect(scale.lowerBound < scale.upperBound)
        #expect((scale.upperBound - scale.lowerBound).isFinite)
      }
    }
  }

  @Test func `what cannot be drawn counts as no value`() throws {
    let map = try row([.infinity, 1e101, 0.3], baseline: .nan, clean: .infinity)
    #expect(map.values[0].map(\.isNaN) == [true, true, false])
    #expect(map.baseline == nil && map.clean == nil && map.hasGaps)
    #expect(map.peak?.column == 2)
  }

  @Test func `a table with a row of another length is refused, naming the row`() {
    let refusal = #expect(throws: Refusal.self) {
      try HeatMap(
        title: "Trace", rows: [.init("a"), .init("b")], columns: ["0", "1"],
        values: [[1, 2], [3]], valueName: "p", columnAxis: "layer")
    }
    #expect(
      refusal?.description == "Trace: found 1 values in row 1, expected 2, one a column")
    #expect(refusal?.kind == .store)
  }

  @Test func `an empty table and a missing row are refused`() {
    #expect(throws: Refusal.self) {
      try HeatMap(
        title: "", rows: [], columns: ["0"], values: [], valueName: "p", columnAxis: "layer")
    }
    #expect(throws: Refusal.self) {
      try HeatMap(
        title: "", rows: [.init("a")], columns: [], values: [[]], valueName: "p",
        columnAxis: "layer")
    }
    #expect(throws: Refusal.self) {
      try HeatMap(
        title: "", rows: [.init("a")], columns: ["0"], values: [], valueName: "p",
        columnAxis: "layer")
    }
  }

  @Test func `a line plot's series must have a point for each column`() throws {
    for series in [
      LinePlot.Series("a", means: [1]), .init("a", means: [1, 2], standardErrors: [0]),
    ] {
      let refusal = #expect(throws: Refusal.self) {
        try LinePlot(
          title: "t", columns: ["0", "1"], series: [series], valueName: "p", columnAxis: "layer")
      }
      #expect(refusal?.field == "t, a")
    }
    #expect(throws: Refusal.self) {
      try LinePlot(title: "t", columns: ["0"], series: [], valueName: "p", columnAxis: "layer")
    }
  }

  @Test func `a line plot spans its bands and its baseline`() throws {
    let plot = try LinePlot(
      title: "t", columns: ["0", "1", "2"],
      series: [.init("a", means: [1, 2, .nan], standardErrors: [0.5, .nan, 9])],
      valueName: "p", columnAxis: "layer", baseline: 0)
    #expect(plot.span == 0...2.1)
  }

  @Test func `a band reaches as far down and up as it is said to, each for itself`() throws {
    let plot = try LinePlot(
      title: "t", columns: ["0", "1"],
      series: [.init("a", means: [1, 2], lows: [0, 1.5], highs: [1.25, 4])],
      valueName: "p", columnAxis: "layer")
    #expect(plot.series[0].lows == [0, 1.5] && plot.series[0].highs == [1.25, 4])
    #expect(plot.span == 0...4.2)
    let symmetric = LinePlot.Series("b", means: [1, 2], standardErrors: [0.5, -1])
    #expect(symmetric.lows == [0.5, 1] && symmetric.highs == [1.5, 3])
    #expect(throws: Refusal.self) {
      try LinePlot(
        title: "t", columns: ["0"], series: [.init("a", means: [1], lows: [0], highs: [])],
        valueName: "p", columnAxis: "layer")
    }
  }

  @Test func `shares have an axis from 0 to 1, and one value alone has an axis of its size`() throws
  {
    func span(_ means: [Double], range: ClosedRange<Double>? = nil) throws -> ClosedRange<Double> {
      try LinePlot(
        title: "t", columns: means.indices.map { "\($0)" }, series: [.init("a", means: means)],
        valueName: "p", columnAxis: "layer", range: range
      ).span
    }
    #expect(try span([0, 0], range: 0...1) == 0...1)
    #expect(try span([0.2, 0.4], range: 0...1) == 0...1)
    #expect(try span([.nan], range: 0...2) == 0...2)
    #expect(try span([0, 3], range: 0...1).upperBound > 3)
    #expect(try span([0, 0]) == 0...1)
    #expect(try span([4]) == 2...6)
  }

  @Test func `a map of shares has a colour scale from 0 to 1`() throws {
    let map = try HeatMap(
      title: "", rows: [.init("a")], columns: ["0", "1"], values: [[0.5, 0.5]],
      valueName: "accuracy", columnAxis: "layer", range: 0...1)
    #expect(map.scale == 0...1 && map.fraction(of: 0.5) == 0.5)
  }
}
