import ArgumentParser
import Experiments
import Inputs
import JobFiles

/// What `run` and `launch` have in common: the job, its folder, and how it is run.
struct RunArguments: ParsableArguments {
  @OptionGroup var job: JobOptions
  @Option(name: .shortAndLong, help: "Run folder; by default run.output of the job.")
  var output: String?
  @Option(help: "Compute threads of each rank.") var threads: Int?
  @Flag(help: "One full forward pass a cell, to check the reuse by.") var naive = false
  @Flag(help: "Take the folder from another run that still holds it.") var takeOver = false

  func validate() throws {
    if let threads, !(1...4096).contains(threads) {
      throw ValidationError("--threads is \(threads), expected 1 to 4096")
    }
  }

  func load() throws(Refusal) -> JobDocument {
    var job = job
    if naive { job.overrides.append("run.naive=true") }
    return try job.load()
  }

  func folder(_ specification: any JobSpecification) throws(Refusal) -> String {
    guard let folder = output ?? specification.run.output?.resolved else {
      throw Refusal(
        .commandLine, field: "--output", found: "no run folder",
        expected: "--output FOLDER, or run.output in the job")
    }
    if output != nil { try specification.run.checkOutput(folder) }
    return folder
  }

  /// The words of `run` that say the same.
  var words: [String] {
    var words = [job.job] + job.overrides.flatMap { ["--set", $0] }
    if let output { words += ["--output", output] }
    if let threads { words += ["--threads", "\(threads)"] }
    if naive { words.append("--naive") }
    if takeOver { words.append("--take-over") }
    return words
  }
}
