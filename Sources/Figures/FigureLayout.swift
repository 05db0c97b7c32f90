/// Where everything of a figure lies, in pixels of the picture at its plain scale, from the top
/// left corner. Texts are measured by their columns: gnuplot cannot be asked.
struct FigureLayout {
  /// One panel: the space of its plot and of what stands around it.
  struct Place: Equatable {
    /// The edges of the plot itself.
    var left = 0.0
    var top = 0.0
    var width = 0.0
    var height = 0.0
    /// The room around it for labels, title, axis and legend.
    var leftMargin = 0.0
    var topMargin = 0.0
    var rightMargin = 0.0
    var bottomMargin = 0.0

    var right: Double { left + width }
    var bottom: Double { top + height }
    var outerWidth: Double { leftMargin + width + rightMargin }
  }

  static let fontSize = 12.0
  static let titleSize = 13.0
  static let smallSize = 10.0
  /// Columns of text at which labels of rows are cut.
  static let labelColumns = 32
  /// Columns at which the name of a colour bar is cut; those of metrics are shorter.
  static let valueColumns = 44
  static let panelsPerRow = 3

  private(set) var width = 0.0
  private(set) var height = 0.0
  private(set) var places: [Place] = []
  let titleLines: [String]

  /// The room that a text takes, in pixels; DejaVu Sans, the widest of the usual fonts.
  static func textWidth(_ text: String, size: Double = fontSize) -> Double {
    Double(displayWidth(text)) * size * 0.64
  }

  /// Columns of running text that fit into a number of pixels where a little more does no harm.
  static func columns(in pixels: Double, size: Double = fontSize) -> Int {
    max(4, Int(pixels / (size * 0.58)))
  }

  init(_ figure: Figure) {
    let sizes = figure.panels.map { panel in
      switch panel {
      case .heatMap(let map): FigureLayout.place(for: map)
      case .lines(let plot): FigureLayout.place(for: plot)
      case .bars(let chart): FigureLayout.place(for: chart)
      }
    }
    let rows = stride(from: 0, to: sizes.count, by: FigureLayout.panelsPerRow).map {
      Array(sizes[$0..<min($0 + FigureLayout.panelsPerRow, sizes.count)])
    }
    width = rows.map { $0.reduce(0) { $0 + $1.outerWidth } }.max() ?? 0
    titleLines = wrapped(
      displayText(figure.title, ascii: false),
      to: FigureLayout.columns(in: width - 20, size: FigureLayout.titleSize), ascii: false)
    var top = titleLines.isEmpty ? 0 : 14 + 18 * Double(titleLines.count)
    for row in rows {
      var left = 0.0
      let topMargin = row.map(\.topMargin).max() ?? 0
      for var place in row {
        place.left = left + place.leftMargin
        place.top = top + topMargin
        left += place.outerWidth
        places.append(place)
      }
      top += topMargin + (row.map { $0.height + $0.bottomMargin }.max() ?? 0)
    }
    height = top
  }

  private static func place(for map: HeatMap) -> Place {
    var place = Place()
    place.width = min(max(Double(map.columns.count) * 12, 300), 720)
    place.height = min(max(Double(map.rows.count) * 20, 110), 1200)
    place.leftMargin = leftMargin(rowLabels(of: map, at: place).map(\.text), title: map.rowAxis)
    // The colour bar, its numbers, and its name where that is longer.
    place.rightMargin = max(
      44 + widest(AxisNumbers(map.scale).labels), 18 + textWidth(valueName(of: map)))
    place.topMargin = 14 + 18 * Double(titleLines(map.title, over: place).count) + 16
    place.bottomMargin = 32 + 17 * Double(axisLines(map.columnAxis, under: place).count) + 10
    return place
  }

  private static func place(for plot: LinePlot) -> Place {
    var place = Place()
    place.leftMargin = leftMargin(AxisNumbers(plot.span).labels, title: plot.valueName)
    place.width = min(max(Double(plot.columns.count) * 12, 340), 720)
    place.height = 240
    place.rightMargin = rightMargin(plot.series, besides: plot.baseline.map { _ in "baseline" })
    let lines = Double(plot.series.count + (plot.baseline == nil ? 0 : 1))
    place.height = max(place.height, legendStep * lines)
    place.topMargin = 14 + 18 * Double(titleLines(plot.title, over: place).count) + 8
    if !plot.bandName.isEmpty { place.topMargin += 14 }
    place.bottomMargin = 32 + 17 * Double(axisLines(plot.columnAxis, under: place).count) + 10
    return place
  }

  private static func place(for chart: BarChart) -> Place {
    var place = Place()
    let bars = Double(chart.categories.count * chart.series.count)
    let numbers = AxisNumbers(chart.span).labels
    let names = categoryNames(of: chart)
    if isUpright(chart) {
      place.width = uprightWidth(chart)
      place.height = 240
      place.leftMargin = leftMargin(numbers, title: chart.valueName)
    } else {
      place.width = 380
      place.height = min(max(14 * bars + 6 * Double(chart.categories.count), 110), 1600)
      place.leftMargin = leftMargin(names, title: chart.categoryAxis)
    }
    place.rightMargin = chart.series.count > 1 ? rightMargin(chart.series) : 36
    place.height = max(
      place.height, chart.series.count > 1 ? legendStep * Double(chart.series.count) : 0)
    place.topMargin = 14 + 18 * Double(titleLines(chart.title, over: place).count) + 8
    if !chart.bandName.isEmpty { place.topMargin += 14 }
    let axis = isUpright(chart) ? chart.categoryAxis : chart.valueName
    place.bottomMargin = 32 + 17 * Double(axisLines(axis, under: place).count) + 10
    return place
  }

  /// Whether the bars stand side by side, with room for each name below: else they lie.
  static func isUpright(_ chart: BarChart) -> Bool {
    widest(categoryNames(of: chart)) + 10 <= uprightWidth(chart) / Double(chart.categories.count)
  }

  private static func uprightWidth(_ chart: BarChart) -> Double {
    let bars = Double(chart.categories.count * chart.series.count)
    return min(max(12 * bars + 12 * Double(chart.categories.count), 340), 720)
  }

  static func categoryNames(of chart: BarChart) -> [String] {
    chart.categories.map { cutWithin(displayText($0, ascii: false), to: labelColumns) }
  }

  /// The labels of a map's rows, at most one for each line of text, with their places in rows.
  static func rowLabels(of map: HeatMap, at place: Place) -> [(place: Double, text: String)] {
    map.rowLabels(least: 13 * Double(map.rows.count) / place.height).map {
      ($0.place, cut($0.text, to: labelColumns, ascii: false))
    }
  }

  static func widest(_ labels: [String]) -> Double { labels.map { textWidth($0) }.max() ?? 0 }

  /// The room for labels of ticks and, left of them, for the name of the axis.
  private static func leftMargin(_ labels: [String], title: String) -> Double {
    22 + widest(labels) + (title.isEmpty ? 0 : 22)
  }

  /// Pixels from one line of a legend to the next.
  static let legendStep = 17.0

  private static func rightMargin(
    _ series: [LinePlot.Series], besides other: String? = nil
  ) -> Double {
    let names = series.map { seriesName($0) } + (other.map { [$0] } ?? [])
    return 56 + (names.map { textWidth($0, size: smallSize + 1) }.max() ?? 0)
  }

  static func valueName(of map: HeatMap) -> String {
    cutWithin(displayText(map.valueName, ascii: false), to: valueColumns)
  }

  static func seriesName(_ series: LinePlot.Series) -> String {
    cutWithin(displayText(series.name, ascii: false), to: 28)
  }

  /// The lines of a panel's title, which stands over the plot and may reach over its margins.
  static func titleLines(_ title: String, over place: Place) -> [String] {
    wrapped(
      displayText(title, ascii: false),
      to: columns(in: place.width + 40, size: titleSize), ascii: false)
  }

  /// The lines of the name of the horizontal axis.
  static func axisLines(_ name: String, under place: Place) -> [String] {
    wrapped(displayText(name, ascii: false), to: columns(in: place.width + 20), ascii: false)
  }
}
