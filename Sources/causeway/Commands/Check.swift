import ArgumentParser
import Experiments
import Inputs

struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Resolve every position and answer of a job, and show its prompts.",
    discussion: "Reads no weights. The subject's tokens stand in [brackets], | divides tokens.")

  @OptionGroup var job: JobOptions
  @Option(help: "Show at most so many prompts.") var limit: Int = 50

  func run() throws {
    let checked = try TraceJob(try job.load())
    for line in checked.promptLines(limit: max(0, limit)) { print(line) }
    print("ok: \(checked.facts.count) facts")
  }
}
