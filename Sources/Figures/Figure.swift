/// One picture: panels side by side, three to a row, under an optional title.
public struct Figure: Sendable, Equatable {
  /// One diagram of a picture.
  public enum Panel: Sendable, Equatable {
    case heatMap(HeatMap)
    case lines(LinePlot)
  }

  /// What all panels are about, such as the prompt; empty for none.
  public let title: String
  public let panels: [Panel]

  public init(title: String = "", panels: [Panel]) {
    self.title = title
    self.panels = panels
  }
}
