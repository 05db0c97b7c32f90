import ArgumentParser
import Experiments
import Foundation
import Inputs
import Slurm

struct Submit: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print a batch script for Slurm that brings jobs to their end, or send it.",
    discussion: """
      What [slurm] of the job leaves open comes from its plan: tasks, time, memory. Before the time \
      is up the run stops in good order, and the script puts itself into the queue again until all \
      is done. Several jobs become an array. The log lies beside the run folder. A specification is \
      run whole, in one process; its log shows what causeway intervene shows.

        causeway submit JOB -o RUN > job.sh && sbatch job.sh
        causeway submit JOB -o RUN --now
        causeway submit SPEC -o out.safetensors --set slurm.partition=short --now

      Exit codes: 0 printed or sent; 2 command line; 3 job; 4 model; 7 not taken by sbatch.
      """)

  @Argument(help: "Job files, or one specification.") var jobs: [String]
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "Set a field of every job, such as slurm.time=90; may be given often.",
      valueName: "field=value"))
  var overrides: [String] = []
  @Option(
    name: .shortAndLong,
    help: """
      Run folder of one job, by default run.output of the job; of a specification the safetensors \
      file.
      """)
  var output: String?
  @Option(help: "Folder in which a specification's model is a name.") var models: String?
  @Option(help: "Folder for a specification's interventions, as they are after the run.")
  var save: String?
  @Flag(help: "Send the script with sbatch.") var now = false
  @Option(
    help: ArgumentHelp(
      """
      With --now: so many jobs at once, each after the one before, for clusters whose nodes may \
      not submit.
      """, valueName: "number"))
  var chain: Int?
  @Option(help: "How often lost ranks are started again within one job, at most; by default 5.")
  var restarts: Int?
  @Flag(help: "Print JSON: the script, and the numbers of the jobs that were sent.")
  var json = false

  func validate() throws {
    if jobs.count > 1, output != nil {
      throw ValidationError("--output is given for \(jobs.count) jobs, expected run.output in each")
    }
    if jobs.count > 10_000 {
      throw ValidationError("\(jobs.count) jobs, expected at most 10000")
    }
    if let chain, !now || !(1...1000).contains(chain) {
      throw ValidationError("--chain is \(chain), expected 1 to 1000, with --now")
    }
    if let restarts, !(0...1000).contains(restarts) {
      throw ValidationError("--restarts is \(restarts), expected 0 to 1000")
    }
  }

  func run() throws {
    let read = try jobs.map { file throws(Refusal) in try batchJob(file) }
    var options = BatchScript.Options(program: try ownPath())
    if let restarts { options.restarts = restarts }
    options.isChained = chain != nil
    let script = try BatchScript(read, options)
    var numbers: [Int] = []
    if now {
      // Slurm fails a job whose log has no folder.
      let folder = URL(fileURLWithPath: read[0].output).deletingLastPathComponent()
      try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      numbers = try Sbatch.send(script, chain: chain ?? 1)
    }
    if json {
      print(script.json(jobs: numbers))
    } else if now {
      for number in numbers { print(number) }
    } else {
      print(script.text, terminator: "")
    }
  }

  private func batchJob(_ file: String) throws(Refusal) -> BatchJob {
    if SpecDocument.isSpecification(file) {
      guard jobs.count == 1 else {
        throw Refusal(
          .commandLine, file: file, found: "a specification among \(jobs.count) files",
          expected: "it alone; several runs of one are a job with [grid]")
      }
      for (option, isGiven) in [("--chain", chain != nil), ("--restarts", restarts != nil)]
      where isGiven {
        throw Refusal(
          .commandLine, file: file, field: option, found: "the option for a specification",
          expected: "no such option: it is run whole, by one process")
      }
      return try BatchJob(
        specification: file, models: models, saveTo: save, overrides: overrides, output: output)
    }
    try refuseModels(models, for: file)
    guard save == nil else {
      throw Refusal(
        .commandLine, file: file, field: "--save", found: "the option for a job",
        expected: "no such option: a job's interventions are kept in its run folder")
    }
    return try BatchJob(file, overrides: overrides, output: output)
  }
}
