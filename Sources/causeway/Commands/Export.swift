import ArgumentParser
import Experiments
import Inputs

struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a run's results as a table, one line for each cell and sample.",
    discussion: """
      A run that is not finished gives what is there. A cell without value has no line; a failed cell of \
      a grid has one that says so. Of a dump the table has its statistics, and activations go to a file \
      of tensors.
      """)

  @Argument(help: ArgumentHelp("Run folder.", valueName: "run")) var folder: String
  @Option(help: ArgumentHelp("Write comma-separated values.", valueName: "file")) var csv: String?
  @Option(help: ArgumentHelp("Write a dump's activations as tensors.", valueName: "file"))
  var safetensors: String?
  @Option(help: "Of the tensors, those of this site only.") var site: String?
  @Option(help: "Of the tensors, those of this layer only.") var layer: Int?
  @Flag(help: "One line for the mean over samples, instead of one for each.") var mean = false
  @Flag(help: "Replace a file that is there.") var force = false

  func run() throws {
    var options = ExportOptions()
    (options.csv, options.mean, options.force) = (csv, mean, force)
    (options.safetensors, options.site, options.layer) = (safetensors, site, layer)
    for line in try JobKind(ofRun: folder).experiment.export(folder, options) {
      say("causeway: \(line)")
    }
  }
}
