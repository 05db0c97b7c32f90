extension GnuplotScript {
  /// Draws one line plot: bands, lines, and a legend at the right.
  mutating func draw(_ plot: LinePlot, at place: FigureLayout.Place, number: Int) {
    frameTexts(
      title: plot.title, subtitle: bandText("bands: ", plot.bandName, at: place),
      bottomAxis: plot.columnAxis,
      at: place)
    columnTicks(plot.columns, at: place)
    sideTitle(plot.valueName, at: place)
    add("set ytics out nomirror scale 0.4 offset 0.4,0 (\(numberTicks(plot.span)))")
    add("set grid ytics linewidth 0.6 linecolor rgb \"#d8d8d8\"")
    add("set xrange [-0.5:\(Double(plot.columns.count) - 0.5)]")
    add("set yrange [\(plot.span.lowerBound):\(plot.span.upperBound)]")
    if let baseline = plot.baseline {
      add(
        "set arrow from graph 0,first \(baseline) to graph 1,first \(baseline) nohead dashtype (10,7) "
          + "linewidth 0.8 linecolor rgb \"#808080\"")
    }

    var bands: [String] = []
    var lines: [String] = []
    for (index, one) in plot.series.enumerated() {
      let name = "d\(number)x\(index)"
      let color = GnuplotScript.color(ofSeries: index)
      let dash = GnuplotScript.dash(ofSeries: index)
      block(
        name,
        one.means.indices.map { column in
          let mean = one.means[column]
          let hasBand = !one.lows.isEmpty
          return [
            Double(column), mean, hasBand ? one.lows[column] : mean,
            hasBand ? one.highs[column] : mean,
          ]
        })
      if !one.lows.isEmpty {
        bands.append(
          "$\(name) using 1:3:4 with filledcurves fillcolor rgb \"\(color)\" "
            + "fillstyle transparent solid 0.18 noborder")
      }
      lines.append(
        "$\(name) using 1:2 with linespoints pointtype 7 pointsize 0.25 linewidth 1.4 "
          + "\(dash)linecolor rgb \"\(color)\"")
      legend(FigureLayout.seriesName(one), color: color, number: index, at: place, dash: dash)
    }
    if plot.baseline != nil {
      legend(
        "baseline", color: "#808080", number: plot.series.count, at: place,
        dash: "dashtype (10,7) ")
    }
    add("plot \((bands + lines).joined(separator: ", "))")
    add("unset grid")
  }

  /// What the bands are, cut to the plot.
  func bandText(_ word: String, _ name: String, at place: FigureLayout.Place) -> String {
    cut(
      displayText(name.isEmpty ? "" : word + name, ascii: false),
      to: FigureLayout.columns(in: place.width, size: FigureLayout.smallSize), ascii: false)
  }

  private mutating func legend(
    _ name: String, color: String, number: Int, at place: FigureLayout.Place, dash: String
  ) {
    let (left, y) = legendPlace(number, at: place)
    add(
      "set arrow from screen \(across(left)),screen \(up(y)) to screen \(across(left + 18)),screen "
        + "\(up(y)) nohead \(dash)linewidth 1.6 linecolor rgb \"\(color)\""
    )
    label(name, x: left + 24, y: y, align: "left", size: FigureLayout.smallSize + 1)
  }

  /// Where a line of the legend begins, at its middle.
  func legendPlace(_ number: Int, at place: FigureLayout.Place) -> (left: Double, y: Double) {
    (place.right + 12, place.top + 8 + FigureLayout.legendStep * Double(number))
  }

  /// Colours in turn: Matplotlib's ten, which its figures have made familiar.
  static func color(ofSeries number: Int) -> String { lineColors[number % lineColors.count] }

  /// Past ten lines the colours come again, dashed.
  static func dash(ofSeries number: Int) -> String {
    let dashes = ["", "dashtype (12,5) ", "dashtype (3,4) ", "dashtype (12,4,3,4) "]
    return dashes[number / lineColors.count % dashes.count]
  }

  private static let lineColors = [
    "#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f",
    "#bcbd22", "#17becf",
  ]
}
