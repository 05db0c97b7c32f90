import ArgumentParser
import Experiments
import Figures
import Foundation
import Inputs

struct Show: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draw a run's heat maps in the terminal, and as pictures.",
    discussion: """
      Rows are tokens, the subject's with a star; columns are layers. Without --fact or --average \
      the terminal shows the averages over facts, once the run is finished, then the first fact \
      that was traced; pictures show that fact. Pictures need gnuplot (Debian: gnuplot-nox).
      """)

  @Argument(help: ArgumentHelp("Run folder.", valueName: "run")) var folder: String
  @Option(help: "Show this fact, by its id.") var fact: String?
  @Option(help: "Show only this site, by the name of its restoration.") var site: String?
  @Option(help: "Show this metric: probability, log_probability or logit_difference.")
  var metric: String?
  @Flag(help: "Show the averages over facts; in pictures, as lines with standard errors.")
  var average = false
  @Option(help: ArgumentHelp("Write a picture of pixels.", valueName: "file")) var png: String?
  @Option(help: ArgumentHelp("Write a picture of shapes.", valueName: "file")) var svg: String?

  func validate() throws {
    if average, fact != nil {
      throw ValidationError("--average and --fact are both given, expected one of them")
    }
  }

  func run() async throws {
    var options = ShowOptions()
    (options.fact, options.site, options.metric, options.average) = (fact, site, metric, average)
    let pictures = try JobKind(ofRun: folder).experiment.show(folder, options)
    let terminal = Terminal.behind(descriptor: STDOUT_FILENO)
    for item in pictures.items {
      switch item {
      case .text(let text):
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
          print(displayText(String(line), ascii: !terminal.isUnicode))
        }
      case .heatMap(let map): for line in TerminalHeatMap(map, on: terminal).lines { print(line) }
      case .lines(let plot): for line in TerminalLinePlot(plot, on: terminal).lines { print(line) }
      case .bars(let chart): for line in TerminalBarChart(chart, on: terminal).lines { print(line) }
      }
      print("")
    }
    guard png != nil || svg != nil else { return }
    guard let figure = pictures.figure else { return }
    for (path, format) in [(png, FigureFormat.png), (svg, .svg)] {
      guard let path else { continue }
      let notes = try await FigureWriter().write(figure, to: path, as: format)
      for note in notes { say("causeway: \(note)") }
      say("causeway: wrote \(path)")
    }
  }
}
