import ArgumentParser
import Experiments
import Foundation
import Inputs

struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check every stored byte of a run, that nothing is missing, and that it adds up.",
    discussion: """
      Each fault is a line on standard error that names its file. Reads the run's folder alone, \
      and the model and the facts where they are still there; --recompute needs them.

      Exit codes: 0 all is done and whole; 1 whole, but some units failed; 75 whole, but some are \
      left; 5 faults.
      """)

  @Argument(help: ArgumentHelp("Run folder.", valueName: "run")) var folder: String
  @Option(
    help: ArgumentHelp(
      "Run this share of the units again, such as 5% or 0.05, and compare their bits; 100% is all.",
      valueName: "percent"), transform: Percentage.init)
  var recompute: Percentage?
  @Option(help: "Chooses the units to run again; drawn where it is not given.") var seed: UInt64?
  @Option(help: "Compute threads; by default one for each core.") var threads: Int?
  @Option(
    help: ArgumentHelp(
      "Folder that the job's paths start from, if its files have moved.", valueName: "folder"))
  var pathsFrom: String?
  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    if let threads, !(1...4096).contains(threads) {
      throw ValidationError("--threads is \(threads), expected 1 to 4096")
    }
    if recompute == nil, seed != nil || threads != nil {
      throw ValidationError("--seed and --threads say how to --recompute, which is not given")
    }
  }

  func run() throws {
    var options = VerifyOptions()
    options.pathsFrom = pathsFrom.map { URL(fileURLWithPath: $0).standardizedFileURL.path }
    options.recompute = recompute?.share
    options.seed = seed ?? UInt64.random(in: 0...999_999)
    options.threads = threads ?? ProcessInfo.processInfo.activeProcessorCount
    let report = try JobKind(ofRun: folder).experiment.verify(folder, options)
    if json {
      print(ReportJSON.verification(report, of: folder))
    } else {
      for fault in report.faults { say("causeway: \(fault)") }
      for line in report.lines { print(line) }
    }
    throw ExitCode(report.exitCode)
  }
}

/// A share written as `5%` or `0.05`; a number from 1 on without a sign could be meant as either.
struct Percentage {
  let share: Double

  init(_ argument: String) throws {
    let isPercent = argument.hasSuffix("%")
    let number = Double(isPercent ? String(argument.dropLast()) : argument)
    share = number.map { isPercent ? $0 / 100 : $0 } ?? 0
    guard share > 0, isPercent ? share <= 1 : share < 1 else {
      let meant = number.flatMap { !isPercent && (1...100).contains($0) ? "\(argument)%" : nil }
      throw ValidationError(
        "expected a share of the units, such as 5% or 0.05, up to 100%"
          + (meant.map { " (did you mean \($0)?)" } ?? ""))
    }
  }
}
