/// One picture: panels side by side, three to a row, under an optional title.
public struct Figure: Sendable, Equatable {
  /// One diagram of a picture.
  public enum Panel: Sendable, Equatable {
    case heatMap(HeatMap)
    case lines(LinePlot)
    case bars(BarChart)
  }

  /// What all panels are about, such as the prompt; empty for none.
  public let title: String
  /// From the left, three to a row.
  public let panels: [Panel]

  /// A picture of these panels.
  public init(title: String = "", panels: [Panel]) {
    self.title = title
    self.panels = panels
  }

  /// The picture with each of its texts changed.
  func mapTexts(_ change: (String) -> String) -> Figure {
    Figure(
      title: change(title),
      panels: panels.map { panel in
        switch panel {
        case .heatMap(let map): .heatMap(map.mapTexts(change))
        case .lines(let plot): .lines(plot.mapTexts(change))
        case .bars(let chart): .bars(chart.mapTexts(change))
        }
      })
  }
}
