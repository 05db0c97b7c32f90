import ArgumentParser
import Cluster
import Experiments
import Figures
import Foundation
import Inputs

struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a job, or go on where an earlier start of it was stopped.",
    discussion: """
      Alone it uses all cores; under mpirun each rank has one compute thread unless --threads says \
      otherwise. The results are the same bytes in every case.

      Exit codes: 0 all done; 1 some units failed; 2 command line; 3 job; 4 model or tokenizer; \
      5 store; 6 disk, memory or limits; 7 cluster; 75 stopped by a signal, run again to go on.
      """)

  @OptionGroup var arguments: RunArguments

  func run() throws {
    let stop = StopSignal.installed(givingUpAfter: 60)
    let environment = try MPIEnvironment()
    do {
      let outcome = try start(environment, stop)
      report(outcome, environment)
    } catch let refusal as Refusal {
      environment.leave(after: refusal)
    }
  }

  private func start(
    _ environment: MPIEnvironment, _ stop: StopSignal
  ) throws -> (outcome: RunOutcome, folder: String) {
    let world = environment.world
    let document = try world.agree { try arguments.load() }
    let experiment = try world.agree { try JobKind(of: document) }.experiment
    let folder = try world.agree {
      try arguments.folder(try experiment.specification(document))
    }
    var options = RunOptions(output: folder)
    options.threads = arguments.threads
    options.takeOver = arguments.takeOver
    let launch = RunLaunch(environment, options, observer: ProgressObserver(), stop: stop)
    return (try experiment.run(document, launch), folder)
  }

  private func report(
    _ result: (outcome: RunOutcome, folder: String), _ environment: MPIEnvironment
  ) {
    switch result.outcome {
    case .stopped:
      if environment.speaks { say("causeway: stopped; the same command goes on") }
      environment.leave(code: 75)
    case .finished(let summary, let failed):
      if environment.speaks {
        print(summary)
        print("causeway show \(result.folder)")
        for store in ["results.zarr", "activations.zarr"] {
          let path = "\(result.folder)/\(store)"
          guard FileManager.default.fileExists(atPath: path) else { continue }
          print("python3 -c 'import xarray; print(xarray.open_zarr(\"\(path)\"))'")
        }
      }
      environment.leave(code: failed > 0 ? 1 : 0)
    }
  }
}

/// Shows a run's progress on standard error.
private final class ProgressObserver: RunObserver {
  private var line: ProgressLine?

  func begin(_ phase: String, of unit: String, total: Int, done: Int) {
    line = ProgressLine(label: phase, unit: unit, total: total, alreadyDone: done)
  }

  func advance(done: Int, failed: Int) { line?.update(done: done, failed: failed) }

  func advance(step: Int, of steps: Int, name: String) {
    line?.detail("\(name) \(step) of \(steps)")
  }

  func end() {
    line?.finish()
    line = nil
  }

  func note(_ text: String) {
    if let line { line.note(text) } else { say("causeway: \(text)") }
  }
}
