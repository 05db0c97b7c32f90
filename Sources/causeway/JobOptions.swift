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

  /// Refuses them for a specification, whose fields are set in its file.
  func refuse(for specification: String) throws(Refusal) {
    guard overrides.isEmpty else {
      throw Refusal(
        .commandLine, file: specification, field: "--set", found: "the option for a specification",
        expected: "no such option: it sets fields of jobs")
    }
  }
}

/// Refuses a folder of models for a job, which names its model by a path.
func refuseModels(_ models: String?, for job: String) throws(Refusal) {
  guard models == nil else {
    throw Refusal(
      .commandLine, file: job, field: "--models", found: "the option for a job",
      expected: "no such option: a specification's model is a name in it")
  }
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
