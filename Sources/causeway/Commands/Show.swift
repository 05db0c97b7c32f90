import ArgumentParser
import Experiments
import Inputs

struct Show: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draw what a run found in the terminal, and as pictures.",
    discussion: """
      Of a trace: maps of tokens, the subject's with a star, against layers. Without --fact or \
      --average the terminal shows the averages over facts, once the run is finished, then the first \
      fact that was traced; pictures show that fact. Of patch and ablate: maps and bars of each item \
      and condition, of the means over pairs or prompts, or with --fact of one. Of das and train: \
      accuracies and losses; of basis and lens: divergences; of dump: norms.

      An option that runs of a kind have no use for is refused. Pictures need gnuplot (Debian: \
      gnuplot-nox).
      """)

  @Argument(help: ArgumentHelp("Run folder.", valueName: "run")) var folder: String
  @Option(help: "Show this fact, pair or prompt, by its id; of trace, patch and ablate.")
  var fact: String?
  @Option(
    help: """
      Show only this site: of trace, patch and ablate by the name of its item, of dump by its own.
      """)
  var site: String?
  @Option(
    help: """
      Show this metric: of trace probability, log_probability or logit_difference; of patch and \
      ablate one that is stored, also with _recovery or _change after it; of das and train \
      a measure of the trainings, such as accuracy.
      """)
  var metric: String?
  @Flag(help: "Show a trace's averages over facts; in pictures, as lines with standard errors.")
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
    pictures.printItems()
    try await pictures.write(png: png, svg: svg)
  }
}
