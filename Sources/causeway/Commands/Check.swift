import ArgumentParser
import Experiments
import Inputs
import Interventions
import JobFiles
import Models

struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Resolve every position and answer of a job, or compare a model with known logits.",
    discussion: """
      With JOB, or a specification as intervene takes it: shows its prompts, and reads no weights. The tokens that a job touches, or a fact's \
      subject, stand in [brackets], those with noise on their embeddings in {braces}; | divides tokens. \
      A character of several tokens stands at the first of them.

      With --model and --logits: runs the model on the inputs of a safetensors file, input_ids and \
      what else transformers calls its inputs, and compares with the file's logits. The exit code is \
      1 where they differ.
      """)

  @Argument(help: "Job file (TOML, or JSON if it ends in .json), or specification.")
  var job: String?
  @OptionGroup var fields: JobOverrides
  @Option(help: "Folder in which a specification's model is a name.") var models: String?
  @Option(help: "Show at most so many prompts.") var limit: Int = 50
  @Option(help: "Model folder, or .gguf file, to compare with --logits.") var model: String?
  @Option(help: "Safetensors file with inputs and the logits that they give.") var logits: String?
  @Option(help: "What is accepted of --logits: so much, and so much of the value.")
  var tolerance: Double = LogitsCheck.usualTolerance
  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    guard (model == nil) == (logits == nil), (model == nil) != (job == nil) else {
      throw ValidationError("check takes a JOB, or --model and --logits")
    }
    guard model == nil || fields.overrides.isEmpty else {
      throw ValidationError("--set is of jobs, not of --model")
    }
    guard tolerance > 0, tolerance.isFinite else {
      throw ValidationError("--tolerance is \(tolerance), expected a number above 0")
    }
  }

  func run() throws {
    if let model, let logits {
      let outcome = try LogitsCheck(OpenedModel(model), logits, tolerance: tolerance)()
      show(outcome.lines, of: model)
      if !outcome.agrees { throw ExitCode(1) }
      return
    }
    guard let job else { return }
    if SpecDocument.isSpecification(job) {
      try fields.refuse(for: job)
      let check = try SpecCheck(job, models: models)
      if json { print(check.json) } else { try check.pictures(limit: max(0, limit)).printItems() }
      return
    }
    try refuseModels(models, for: job)
    let document = try JobDocument(reading: job, overrides: fields.overrides)
    show(try JobKind(of: document).experiment.check(document, limit: max(0, limit)), of: job)
  }

  private func show(_ lines: [String], of path: String) {
    if json {
      print(ReportJSON.lines(lines, of: path))
    } else {
      for line in lines { print(line) }
    }
  }
}
