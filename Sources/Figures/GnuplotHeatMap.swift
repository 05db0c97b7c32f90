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
      columnAxis: map.columnAxis, columns: map.columns, at: place, tickOffset: isNarrow ? 0.5 : 0)

    let rowHeight = place.height / Double(map.rows.count)
    let step = max(1, Int((13 / rowHeight).rounded(.up)))
    let labels = stride(from: 0, to: map.rows.count, by: step).map { row in
      let text = cut(
        map.label(row: row, ascii: false), to: FigureLayout.labelColumns, ascii: false)
      return "\(gnuplotTickLabel(text)) \(isFlat ? 0.5 : Double(row))"
    }
    add("set ytics out nomirror scale 0.4 offset 0.4,0 (\(labels.joined(separator: ", ")))")
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
    add("set cbtics out nomirror scale 0.4 offset -0.4,0 format \"%g\"")
    add("set cbtics \(tickStep(map.scale))")
    let left = place.right + 14
    add(
      "set colorbox vertical user origin \(across(left)),\(up(place.bottom)) "
        + "size \(across(12)),\(up(place.top) - up(place.bottom)) "
        + "border 20")
    label(FigureLayout.valueName(of: map), x: left - 4, y: place.top - 11, align: "left")
  }

  /// A round step that puts about five numbers on the colour bar.
  private func tickStep(_ scale: ClosedRange<Double>) -> String {
    let rough = (scale.upperBound - scale.lowerBound) / 5
    let power = decade(of: rough)
    let step = [1, 2, 5, 10].first { Double($0) * power >= rough } ?? 10
    return "\(Double(step) * power)"
  }

  /// The greatest power of ten that is at most `value`.
  private func decade(of value: Double) -> Double {
    var power = 1.0
    while power > value { power /= 10 }
    while power * 10 <= value { power *= 10 }
    return power
  }
}
