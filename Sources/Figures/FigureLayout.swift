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
    var outerHeight: Double { topMargin + height + bottomMargin }
  }

  static let fontSize = 12.0
  static let titleSize = 13.0
  static let smallSize = 10.0
  /// Columns of text at which labels of rows are cut.
  static let labelColumns = 32
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
    let labels = map.rows.indices.map {
      cut(map.label(row: $0, ascii: false), to: labelColumns, ascii: false)
    }
    place.leftMargin = 22 + (labels.map { textWidth($0) }.max() ?? 0)
    place.width = min(max(Double(map.columns.count) * 12, 300), 720)
    place.height = min(max(Double(map.rows.count) * 20, 110), 1200)
    // The colour bar, its numbers, and its name where that is longer.
    place.rightMargin = max(84, 18 + textWidth(valueName(of: map)))
    place.topMargin = 14 + 18 * Double(titleLines(map.title, over: place).count) + 16
    place.bottomMargin = 32 + 17 * Double(axisLines(map.columnAxis, under: place).count) + 10
    return place
  }

  private static func place(for plot: LinePlot) -> Place {
    var place = Place()
    place.leftMargin = 92
    place.width = min(max(Double(plot.columns.count) * 12, 340), 720)
    place.height = 240
    let names = plot.series.map { textWidth(seriesName($0), size: smallSize + 1) }
    place.rightMargin = 56 + (names.max() ?? 0)
    place.topMargin = 14 + 18 * Double(titleLines(plot.title, over: place).count) + 8
    if !plot.bandName.isEmpty { place.topMargin += 14 }
    place.bottomMargin = 32 + 17 * Double(axisLines(plot.columnAxis, under: place).count) + 10
    return place
  }

  static func valueName(of map: HeatMap) -> String {
    cut(displayText(map.valueName, ascii: false), to: 24, ascii: false)
  }

  static func seriesName(_ series: LinePlot.Series) -> String {
    cut(displayText(series.name, ascii: false), to: 28, ascii: false)
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
