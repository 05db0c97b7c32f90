import ArgumentParser
import Experiments
import Inputs

struct Plan: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what a job will cost, with and without reuse; reads no weights.")

  @OptionGroup var job: JobOptions
  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    let document = try job.load()
    let report = try JobKind(of: document).experiment.plan(document)
    print(json ? report.json : report.text)
  }
}
