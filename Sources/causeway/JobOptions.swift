import ArgumentParser
import Experiments
import Inputs
import JobFiles

/// Fields of a job that are set on the command line.
struct JobOverrides: ParsableArguments {
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "Set a field of the job, such as corrupt.samples=5; may be given often.",
      valueName: "field=value"))
  var overrides: [String] = []
}

/// What names a job: its file, and fields set on the command line.
struct JobOptions: ParsableArguments {
  @Argument(help: "Job file (TOML, or JSON if it ends in .json).") var job: String
  @OptionGroup var fields: JobOverrides

  var overrides: [String] {
    get { fields.overrides }
    set { fields.overrides = newValue }
  }

  func load() throws(Refusal) -> JobDocument {
    try JobDocument(reading: job, overrides: overrides)
  }
}
