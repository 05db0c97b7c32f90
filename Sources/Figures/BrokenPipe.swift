internal import Foundation
internal import Synchronization

/// How many bodies run under `withoutBrokenPipeSignal`, and what the signal did before the first.
private let brokenPipe = Mutex<(depth: Int, before: sigaction)>((0, sigaction()))

/// Runs `body` while a write to a process that has ended is an error and not the end of this one.
func withoutBrokenPipeSignal<Result>(_ body: () async throws -> Result) async rethrows -> Result {
  brokenPipe.withLock { state in
    if state.depth == 0 {
      var ignore = sigaction()
      ignore.__sigaction_handler.sa_handler = SIG_IGN
      sigaction(SIGPIPE, &ignore, &state.before)
    }
    state.depth += 1
  }
  defer {
    brokenPipe.withLock { state in
      state.depth -= 1
      if state.depth == 0 { sigaction(SIGPIPE, &state.before, nil) }
    }
  }
  return try await body()
}
