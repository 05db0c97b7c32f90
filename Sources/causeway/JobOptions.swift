import ArgumentParser
import Experiments
import Inputs
import JobFiles

/// What names a job: its file, and fields set on the command line.
struct JobOptions: ParsableArguments {
  @Argument(help: "Job file (TOML, or JSON if it ends in .json).") var job: String

  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "Set a field of the job, such as corrupt.samples=5; may be given often.",
      valueName: "field=value"))
  var overrides: [String] = []

  func load() throws(Refusal) -> JobDocument {
    try JobDocument(reading: job, overrides: overrides)
  }
}
