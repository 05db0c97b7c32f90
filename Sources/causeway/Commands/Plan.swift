import ArgumentParser
import Experiments
import Inputs

struct Plan: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Say what a job or a specification will cost, with and without reuse; reads no weights."
  )

  @OptionGroup var job: JobOptions
  @Option(help: "Folder in which a specification's model is a name.") var models: String?
  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    let report = try report()
    print(json ? report.json : report.text)
  }

  private func report() throws(Refusal) -> any CostReport {
    if SpecDocument.isSpecification(job.job) {
      try job.fields.refuse(for: job.job)
      return try SpecCheck(job.job, models: models).cost
    }
    try refuseModels(models, for: job.job)
    let document = try job.load()
    return try JobKind(of: document).experiment.plan(document)
  }
}
