import ArgumentParser
import Experiments
import Inputs

struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a run's results as a table, one line for each cell and sample.",
    discussion: "A run that is not finished gives what is there. A cell without value has no line.")

  @Argument(help: ArgumentHelp("Run folder.", valueName: "run")) var folder: String
  @Option(help: ArgumentHelp("Write comma-separated values.", valueName: "file")) var csv: String
  @Flag(help: "One line for the mean over samples, instead of one for each.") var mean = false
  @Flag(help: "Replace a file that is there.") var force = false

  func run() throws {
    var options = ExportOptions()
    (options.csv, options.mean, options.force) = (csv, mean, force)
    for line in try JobKind(ofRun: folder).experiment.export(folder, options) {
      say("causeway: \(line)")
    }
  }
}
