/// The gnuplot script that draws a figure, with its data inline.
package struct GnuplotScript {
  private var data: [String] = []
  private var commands: [String] = []
  private let layout: FigureLayout
  private let format: FigureFormat

  /// - Parameter scale: Pixels of the picture for each pixel of the layout.
  package init(_ figure: Figure, format: FigureFormat, scale: Double) {
    self.format = format
    layout = FigureLayout(figure)
    let size = "\(Int(layout.width * scale)),\(Int(layout.height * scale))"
    let terminal =
      switch format {
      case .png:
        "pngcairo size \(size) fontscale \(scale) linewidth \(scale) font \"sans,9\""
      case .svg: "svg size \(size) font \"sans-serif,12\" dynamic"
      }
    commands = [
      "set encoding utf8",
      "set terminal \(terminal) noenhanced background \"#ffffff\"",
      "set multiplot",
      "unset key",
      "set linetype 20 linewidth 0.6 linecolor rgb \"#606060\"",
      "set border 31 linewidth 0.6 linecolor rgb \"#606060\"",
    ]
    for (index, line) in layout.titleLines.enumerated() {
      label(
        line, x: layout.width / 2, y: 18 + 18 * Double(index), align: "center",
        size: FigureLayout.titleSize + 1)
    }
    for (index, panel) in figure.panels.enumerated() {
      frame(layout.places[index])
      switch panel {
      case .heatMap(let map): draw(map, at: layout.places[index], number: index)
      case .lines(let plot): draw(plot, at: layout.places[index], number: index)
      case .bars(let chart): draw(chart, at: layout.places[index], number: index)
      }
      commands += ["unset label", "unset object", "unset arrow"]
    }
    commands.append("unset multiplot")
  }

  /// The whole script: first the numbers, which no command stands between.
  package var text: String { (data + commands).joined(separator: "\n") + "\n" }

  /// Adds a block of numbers under the name `$dN`.
  mutating func block(_ name: String, _ rows: some Sequence<[Double]>) {
    data.append("$\(name) << EOD")
    data += rows.map { $0.map(gnuplotNumber).joined(separator: " ") }
    data.append("EOD")
  }

  mutating func add(_ command: String) { commands.append(command) }

  /// A text at a place of the picture, in pixels of the layout.
  mutating func label(
    _ text: String, x: Double, y: Double, align: String, size: Double = FigureLayout.fontSize,
    color: String = "#202020", rotated: Bool = false
  ) {
    add(
      "set label \(gnuplotString(text)) at screen \(across(x)),screen \(up(y)) \(align)"
        + "\(rotated ? " rotate by 90" : "") font \",\(size * fontUnit)\" textcolor rgb \"\(color)\""
    )
  }

  /// A pixel in the unit of the terminal's fonts: points of 96 to the inch, or pixels.
  private var fontUnit: Double { format == .png ? 0.75 : 1 }

  /// How cells are drawn: a browser would smooth an SVG's image, and PNG's rectangles have seams.
  var imageStyle: String { format == .png ? "image" : "image pixels" }

  /// Pixels of the layout.
  var pictureWidth: Double { layout.width }

  /// A horizontal place as gnuplot counts it: a fraction from the left.
  func across(_ x: Double) -> Double { x / layout.width }
  /// A vertical place as gnuplot counts it: a fraction from the bottom.
  func up(_ y: Double) -> Double { 1 - y / layout.height }

  private mutating func frame(_ place: FigureLayout.Place) {
    add("set lmargin at screen \(across(place.left))")
    add("set rmargin at screen \(across(place.right))")
    add("set tmargin at screen \(up(place.top))")
    add("set bmargin at screen \(up(place.bottom))")
  }

  /// Title and name of the horizontal axis.
  ///
  /// - Parameter isRaised: Whether something else than the subtitle stands between title and plot.
  mutating func frameTexts(
    title: String, subtitle: String, bottomAxis: String, at place: FigureLayout.Place,
    isRaised: Bool = false
  ) {
    let middle = place.left + place.width / 2
    let titles = FigureLayout.titleLines(title, over: place)
    let firstTitle =
      place.top - (subtitle.isEmpty && !isRaised ? 14 : 28) - 18 * Double(titles.count - 1)
    for (index, line) in titles.enumerated() {
      label(
        line, x: middle, y: firstTitle + 18 * Double(index), align: "center",
        size: FigureLayout.titleSize)
    }
    if !subtitle.isEmpty {
      label(
        subtitle, x: place.left, y: place.top - 11, align: "left", size: FigureLayout.smallSize,
        color: "#707070")
    }
    for (index, line) in FigureLayout.axisLines(bottomAxis, under: place).enumerated() {
      label(line, x: middle, y: place.bottom + 34 + 17 * Double(index), align: "center")
    }
  }

  /// The name of the vertical axis, left of its labels.
  mutating func sideTitle(_ name: String, at place: FigureLayout.Place) {
    let text = cut(
      displayText(name, ascii: false), to: FigureLayout.columns(in: place.height + 40),
      ascii: false)
    guard !text.isEmpty else { return }
    label(
      text, x: place.left - place.leftMargin + 13, y: place.top + place.height / 2,
      align: "center", rotated: true)
  }

  /// The labels of a numeric axis, as gnuplot's list of ticks.
  func numberTicks(_ span: ClosedRange<Double>, room: Double? = nil) -> String {
    let numbers = AxisNumbers(span, room: room)
    return zip(numbers.labels, numbers.values).map { "\(gnuplotTickLabel($0)) \($1)" }
      .joined(separator: ", ")
  }

  /// The labels of columns that are counted from 0, as many as fit.
  mutating func columnTicks(
    _ columns: [String], at place: FigureLayout.Place, offset tickOffset: Double = 0
  ) {
    let labels = columns.map { cut(displayText($0, ascii: false), to: 12, ascii: false) }
    let ticks = AxisTicks(labels, columnWidth: place.width / Double(columns.count)) {
      FigureLayout.textWidth($0) + 14
    }
    let list = ticks.columns.map { "\(gnuplotTickLabel(labels[$0])) \(Double($0) + tickOffset)" }
    add("set xtics out nomirror scale 0.4 offset 0,0.3 (\(list.joined(separator: ", ")))")
  }
}
