import Experiments
import Figures
import Foundation
import Inputs

extension RunPictures {
  /// Draws everything on standard output, as its terminal can, an empty line after each item.
  func printItems() {
    let terminal = Terminal.behind(descriptor: STDOUT_FILENO)
    for item in items {
      for line in item.lines(on: terminal) { print(line) }
      print("")
    }
  }

  /// Draws the picture into files, and says so.
  func write(png: String?, svg: String?) async throws {
    guard let figure else { return }
    for (path, format) in [(png, FigureFormat.png), (svg, .svg)] {
      guard let path else { continue }
      try makeFolder(above: path)
      let notes = try await FigureWriter().write(figure, to: path, as: format)
      for note in notes { say("causeway: \(note)") }
      say("causeway: wrote \(path)")
    }
  }
}

extension RunPictures.Item {
  fileprivate func lines(on terminal: Terminal) -> [String] {
    switch self {
    case .text(let text):
      text.split(separator: "\n", omittingEmptySubsequences: false).map {
        displayText(String($0), ascii: !terminal.isUnicode)
      }
    case .heatMap(let map): TerminalHeatMap(map, on: terminal).lines
    case .lines(let plot): TerminalLinePlot(plot, on: terminal).lines
    case .bars(let chart): TerminalBarChart(chart, on: terminal).lines
    case .passages(let passages): TerminalPassages(passages, on: terminal).lines
    case .answers(let table): TerminalAnswerTable(table, on: terminal).lines
    }
  }
}
