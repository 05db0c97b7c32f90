import ArgumentParser
import Experiments
import Inputs

struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Resolve every position and answer of a job, and show its prompts.",
    discussion: """
      Reads no weights. The tokens that a job touches, or a fact's subject, stand in [brackets], those \
      with noise on their embeddings in {braces}; | divides tokens. A character of several tokens \
      stands at the first of them.
      """)

  @OptionGroup var job: JobOptions
  @Option(help: "Show at most so many prompts.") var limit: Int = 50
  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    let document = try job.load()
    let lines = try JobKind(of: document).experiment.check(document, limit: max(0, limit))
    if json {
      print(ReportJSON.lines(lines, of: job.job))
    } else {
      for line in lines { print(line) }
    }
  }
}
