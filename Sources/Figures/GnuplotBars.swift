extension GnuplotScript {
  /// Draws one bar chart: standing bars where the names fit below them, else lying ones.
  mutating func draw(_ chart: BarChart, at place: FigureLayout.Place, number: Int) {
    let isUpright = FigureLayout.isUpright(chart)
    frameTexts(
      title: chart.title, subtitle: bandText("", chart.bandName, at: place),
      bottomAxis: isUpright ? chart.categoryAxis : chart.valueName, at: place)
    sideTitle(isUpright ? chart.valueName : chart.categoryAxis, at: place)
    let (along, length) = isUpright ? ("x", "y") : ("y", "x")
    let span = chart.span
    let count = Double(chart.categories.count)
    let names = FigureLayout.categoryNames(of: chart)
    let room = isUpright ? place.width : place.height
    let step = isUpright ? 1 : max(1, Int((13 * count / room).rounded(.up)))
    let ticks = stride(from: 0, to: names.count, by: step).map {
      "\(gnuplotTickLabel(names[$0])) \($0)"
    }
    let numbers = numberTicks(span, room: isUpright ? nil : place.width)
    let offsets = isUpright ? ["0,0.3", "0.4,0"] : ["0.4,0", "0,0.3"]
    add("set \(along)tics out nomirror scale 0.4 offset \(offsets[0]) (\(list(ticks)))")
    add("set \(length)tics out nomirror scale 0.4 offset \(offsets[1]) (\(numbers))")
    add("set grid \(length)tics linewidth 0.6 linecolor rgb \"#d8d8d8\"")
    // From the top down, or from the left.
    let ends = isUpright ? "-0.5:\(count - 0.5)" : "\(count - 0.5):-0.5"
    add("set \(along)range [\(ends)]")
    add("set \(length)range [\(span.lowerBound):\(span.upperBound)]")
    let base = chart.baseline
    let line =
      isUpright
      ? "graph 0,first \(base) to graph 1,first \(base)"
      : "first \(base),graph 0 to first \(base),graph 1"
    add("set arrow from \(line) nohead linewidth 0.8 linecolor rgb \"#606060\"")

    var plots: [String] = []
    for (index, one) in chart.series.enumerated() {
      let (bars, intervals) = ("d\(number)x\(index)", "d\(number)i\(index)")
      let width = 0.8 / Double(chart.series.count)
      func middle(_ place: Int) -> Double { Double(place) - 0.4 + width * (Double(index) + 0.5) }
      block(
        bars,
        one.means.enumerated().map { place, value in
          let middle = middle(place)
          return [
            middle, value, middle - width * 0.46, middle + width * 0.46, min(base, value),
            max(base, value),
          ]
        })
      let color = GnuplotScript.color(ofSeries: index)
      let style = GnuplotScript.fill(ofSeries: index)
      plots.append(
        "$\(bars) using \(isUpright ? "1:2:3:4:5:6" : "2:1:5:6:3:4") with boxxyerror "
          + "fillcolor rgb \"\(color)\" \(style)")
      let known = one.means.indices.compactMap { place in
        one.interval(place).map { [middle(place), $0.low, $0.high - $0.low] }
      }
      if !known.isEmpty {
        block(intervals, known)
        plots.append(
          "$\(intervals) using \(isUpright ? "1:2:(0):3" : "2:1:3:(0)") with vectors heads "
            + "size screen \(3 / pictureWidth),90 linewidth 0.9 linecolor rgb \"#202020\"")
      }
      if chart.series.count > 1 { legend(one, index, style: style, at: place) }
    }
    add("plot \(plots.joined(separator: ", "))")
    add("unset grid")
  }

  private func list(_ ticks: [String]) -> String { ticks.joined(separator: ", ") }

  private mutating func legend(
    _ one: LinePlot.Series, _ number: Int, style: String, at place: FigureLayout.Place
  ) {
    let (left, y) = legendPlace(number, at: place)
    add(
      "set object rectangle from screen \(across(left)),screen \(up(y + 5)) to screen "
        + "\(across(left + 14)),screen \(up(y - 5)) fillcolor rgb "
        + "\"\(GnuplotScript.color(ofSeries: number))\" \(style)")
    label(
      FigureLayout.seriesName(one), x: left + 20, y: y, align: "left",
      size: FigureLayout.smallSize + 1)
  }

  /// Past ten series the colours come again, lighter and in a frame.
  private static func fill(ofSeries number: Int) -> String {
    let round = number / 10
    return round == 0
      ? "fillstyle solid 0.85 noborder" : "fillstyle solid \(round == 1 ? 0.45 : 0.15) border"
  }
}
