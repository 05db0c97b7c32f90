import ArgumentParser
import Experiments
import Inputs
import Interventions

struct Help: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Explain a command, or with 'job' and 'spec' the fields of what they read.",
    discussion: """
      causeway help job lists the kinds of job, causeway help job trace every field of a trace: its \
      range, default and unit, what it says, and when it applies; causeway help spec does so for the \
      specifications of causeway intervene.
      """)

  @Argument(help: ArgumentHelp("A command, job and a kind, or spec.", valueName: "topic"))
  var topics: [String] = []

  @Flag(help: "Write the fields of a job or specification as Markdown.") var markdown = false

  func run() throws {
    if topics == ["spec"] {
      let manual = try SpecManual()
      return print(markdown ? manual.markdown : manual.text)
    }
    guard topics.first == "job" else {
      guard !markdown else {
        throw Refusal(
          .commandLine, field: "--markdown", found: "the option without 'job' or 'spec'",
          expected: "help job KIND, or help spec")
      }
      guard let topic = topics.first else { return print(Causeway.helpMessage()) }
      let commands = Causeway.configuration.subcommands
      guard topics.count == 1, let command = commands.first(where: { $0._commandName == topic })
      else {
        let names = commands.map { $0._commandName }
        let near =
          nearest(to: topic, among: names + ["job", "spec"]).map { " (did you mean \($0)?)" } ?? ""
        throw Refusal(
          .commandLine, field: "help", found: quoted(topics.joined(separator: " ")),
          expected: "one of \(names.joined(separator: ", ")), job or spec\(near)")
      }
      return print(Causeway.helpMessage(for: command))
    }
    guard topics.count > 1 else { return print(try markdown ? JobManual.all : JobManual.kinds) }
    guard topics.count == 2 else {
      throw Refusal(
        .commandLine, field: "help job", found: "\(topics.count - 1) words", expected: "one kind")
    }
    let manual = try JobManual(of: JobKind(named: topics[1]))
    print(markdown ? manual.markdown : manual.text)
  }
}
