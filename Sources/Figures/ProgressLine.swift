internal import Foundation
internal import Locks

/// How far a long run has come, on standard error.
///
/// On a terminal a bar, drawn again in place at most ten times a second; elsewhere (a log file, a
/// batch system) a plain line a minute and one at the end, without carriage returns. Any thread may
/// report.
public final class ProgressLine: Sendable {
  private struct State {
    var done: Int
    var failed = 0
    var lastDrawn: Duration
    var isDrawn = false
    var isFinished = false
    /// What is said of the one that is under way.
    var detail = ""
  }

  private let label: String
  private let unit: String
  private let total: Int
  private let alreadyDone: Int
  private let screen: @Sendable () -> Terminal
  private let isInteractive: Bool
  private let now: @Sendable () -> Duration
  private let write: @Sendable (String) -> Void
  private let start: Duration
  private let state: Locked<State>

  /// Begins to count the time.
  ///
  /// - Parameters:
  ///   - label: What runs, such as the name of the job.
  ///   - unit: What is counted, in the plural.
  ///   - alreadyDone: How many of `total` an earlier run has done; they do not count for the rate.
  public convenience init(label: String, unit: String = "cells", total: Int, alreadyDone: Int = 0) {
    let clock = ContinuousClock()
    let zero = clock.now
    self.init(
      label: label, unit: unit, total: total, alreadyDone: alreadyDone,
      screen: { Terminal.behind(descriptor: STDERR_FILENO) },
      now: { zero.duration(to: clock.now) },
      write: ProgressLine.writeToStandardError)
  }

  /// - Parameters:
  ///   - screen: The screen as it is now, asked before each drawing since windows change size.
  ///   - now: The time since some moment.
  package init(
    label: String, unit: String, total: Int, alreadyDone: Int,
    screen: @escaping @Sendable () -> Terminal, now: @escaping @Sendable () -> Duration,
    write: @escaping @Sendable (String) -> Void
  ) {
    let terminal = screen()
    isInteractive = terminal.isInteractive
    self.label = displayText(label, ascii: !terminal.isUnicode)
    self.unit = unit
    self.total = max(0, total)
    self.alreadyDone = min(max(0, alreadyDone), max(0, total))
    self.screen = screen
    self.now = now
    self.write = write
    start = now()
    // The first bar appears at once; the first plain line after a minute.
    let first = terminal.isInteractive ? start - .seconds(1) : start
    state = Locked(State(done: self.alreadyDone, lastDrawn: first))
  }

  /// Reports how many are done in all, of which `failed` have failed.
  ///
  /// Cheap to call often, and to be called when nothing is new too: the time is drawn here alone.
  public func update(done: Int, failed: Int = 0) {
    state.withLock { state in
      guard !state.isFinished else { return }
      if done != state.done { state.detail = "" }
      state.done = min(max(0, done), total)
      state.failed = min(max(0, failed), state.done)
      let time = now()
      guard time - state.lastDrawn >= pause else { return }
      draw(&state, at: time)
    }
  }

  /// Reports how far the one under way is, such as `step 40 of 250`; it is said until the next is done.
  public func detail(_ text: String) {
    state.withLock { state in
      guard !state.isFinished else { return }
      state.detail = text
      let time = now()
      guard time - state.lastDrawn >= pause else { return }
      draw(&state, at: time)
    }
  }

  /// The least time between two drawings.
  private var pause: Duration { isInteractive ? .milliseconds(100) : .seconds(60) }

  /// Prints a line of its own, such as a warning, above the bar.
  public func note(_ text: String) {
    state.withLock { state in
      let line = displayText(text, ascii: !screen().isUnicode) + "\n"
      guard isInteractive, state.isDrawn, !state.isFinished else { return write(line) }
      write("\r\u{1B}[K" + line)
      draw(&state, at: now())
    }
  }

  /// Draws what was last reported, and ends the line; later reports are not shown.
  public func finish() {
    state.withLock { state in
      guard !state.isFinished else { return }
      draw(&state, at: now())
      if isInteractive { write("\n") }
      state.isFinished = true
    }
  }

  /// A full disk or a closed log costs the line, never the run.
  private static func writeToStandardError(_ text: String) {
    _ = writeAll(Array(text.utf8), to: STDERR_FILENO)
  }

  private func draw(_ state: inout State, at time: Duration) {
    state.lastDrawn = time
    state.isDrawn = true
    let seconds = max(0, (time - start) / .seconds(1))
    let text = ProgressText(
      label: label, unit: unit, done: state.done, failed: state.failed, total: total,
      doneNow: max(0, state.done - alreadyDone), elapsed: seconds)
    let detail = state.detail.isEmpty ? "" : ", \(state.detail)"
    write(
      isInteractive
        ? "\r\(text.bar(on: screen()))\(detail)\u{1B}[K" : text.plain + detail + "\n")
  }
}
