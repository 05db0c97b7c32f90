extension GnuplotScript {
  /// Draws one heat map: cells, tokens at the left, layers below, the colour bar at the right.
  mutating func draw(_ map: HeatMap, at place: FigureLayout.Place, number: Int) {
    // gnuplot refuses an image with one row or one column: it is drawn twice, at half the size.
    let isFlat = map.rows.count == 1
    let isNarrow = map.columns.count == 1
    let wide = isNarrow ? map.values.map { $0 + $0 } : map.values
    block("d\(number)", isFlat ? wide + wide : wide)

    let ends = [("baseline", map.baseline), ("clean", map.clean)].compactMap { name, value in
      value.map { "\(name) \(shortNumber($0))" }
    }
    frameTexts(
      title: map.title,
      subtitle: (ends + (map.hasGaps ? ["grey: no value"] : [])).joined(separator: ",  "),
      bottomAxis: map.columnAxis, at: place, isRaised: true)
    columnTicks(map.columns, at: place, offset: isNarrow ? 0.5 : 0)

    let labels = FigureLayout.rowLabels(of: map, at: place)
    let ticks = labels.map { "\(gnuplotTickLabel($0.text)) \(isFlat ? 0.5 : $0.place)" }
    add("set ytics out nomirror scale 0.4 offset 0.4,0 (\(ticks.joined(separator: ", ")))")
    sideTitle(map.rowAxis, at: place)
    add("set xrange [-0.5:\(isNarrow ? 1.5 : Double(map.columns.count) - 0.5)]")
    add("set yrange [\(isFlat ? 1.5 : Double(map.rows.count) - 0.5):-0.5]")
    // Cells without a value let this grey through.
    add(
      "set object rectangle from graph 0,0 to graph 1,1 behind fillcolor rgb \"#dcdcdc\" "
        + "fillstyle solid noborder")

    colorBar(of: map, at: place)
    add("plot $d\(number) matrix with \(imageStyle)")
  }

  private mutating func colorBar(of map: HeatMap, at place: FigureLayout.Place) {
    let stops = map.colors.stops.enumerated().map { "\($0) \"\($1.hexadecimal)\"" }
    add("set palette defined (\(stops.joined(separator: ", ")))")
    add("set cbrange [\(map.scale.lowerBound):\(map.scale.upperBound)]")
    add("set cbtics out nomirror scale 0.4 offset -0.4,0 (\(numberTicks(map.scale)))")
    let left = place.right + 14
    add(
      "set colorbox vertical user origin \(across(left)),\(up(place.bottom)) "
        + "size \(across(12)),\(up(place.top) - up(place.bottom)) "
        + "border 20")
    label(FigureLayout.valueName(of: map), x: left - 4, y: place.top - 11, align: "left")
  }
}
