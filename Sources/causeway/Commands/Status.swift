import ArgumentParser
import Experiments
import Inputs

struct Status: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say how far a run has come, from its folder alone, also while it goes on.",
    discussion: """
      Exit codes: 0 all done; 1 some units failed, the rest is done; 75 some are left; 5 no run \
      folder, or a damaged one.
      """)

  @Argument(help: ArgumentHelp("Run folder.", valueName: "run")) var folder: String
  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    let progress = try JobKind(ofRun: folder).experiment.progress(folder)
    if json { print(progress.json) } else { for line in progress.lines(limit: 20) { print(line) } }
    throw ExitCode(progress.exitCode)
  }
}
