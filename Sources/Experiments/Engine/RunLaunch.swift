package import Cluster
internal import Foundation

/// How a run is started, whatever its kind.
package struct RunOptions: Sendable {
  /// The run folder.
  package var output: String
  /// Compute threads of this rank; nil: all cores without a launcher, one under it.
  package var threads: Int?
  /// Whether to take the folder from another run that lives.
  package var takeOver = false

  package init(output: String) { self.output = output }
}

/// The ranks that a run is started on, and those who watch it.
package struct RunLaunch {
  package let environment: MPIEnvironment
  package let options: RunOptions
  package let observer: any RunObserver
  package let stop: StopSignal
  /// Whether it is a part of a run whose needs, with this part's, have been checked.
  let isPart: Bool

  package init(
    _ environment: MPIEnvironment, _ options: RunOptions, observer: any RunObserver,
    stop: StopSignal
  ) {
    self.init(environment, options, observer: observer, stop: stop, isPart: false)
  }

  init(
    _ environment: MPIEnvironment, _ options: RunOptions, observer: any RunObserver,
    stop: StopSignal, isPart: Bool
  ) {
    self.isPart = isPart
    self.environment = environment
    self.options = options
    self.observer = observer
    self.stop = stop
  }

  package var world: Communicator { environment.world }

  /// Compute threads of this rank: as the launch says, or the job, or all cores of the host where
  /// there is no launcher.
  ///
  /// - Parameter fits: Whether so many have the memory that they need; where nobody said how many, as
  ///   many are taken as do, and one at least.
  package func threads(_ run: RunSection, fitting fits: (Int) -> Bool = { _ in true }) -> Int {
    if let said = options.threads ?? run.threads { return said }
    let cores = environment.isUnderLauncher ? 1 : ProcessInfo.processInfo.activeProcessorCount
    return (1...max(1, cores)).last(where: fits) ?? 1
  }
}

/// How a run ended.
package enum RunOutcome: Sendable, Equatable {
  /// All that can be done is done: what it was, in words, and how many units failed.
  case finished(summary: String, failed: Int)
  /// Stopped by a signal: the same command goes on.
  case stopped
}
