import Figures
import Locks
import Testing

/// A clock and a screen that stand still until the test moves them.
private final class Stage: Sendable {
  private struct State {
    var time = Duration.zero
    var width: Int
    var written: [String] = []
  }
  private let state: Locked<State>
  private let ink: Terminal.Ink
  private let isInteractive: Bool

  init(width: Int = 80, ink: Terminal.Ink = .ascii, isInteractive: Bool) {
    state = Locked(State(width: width))
    self.ink = ink
    self.isInteractive = isInteractive
  }

  func line(total: Int, alreadyDone: Int = 0) -> ProgressLine {
    ProgressLine(
      label: "trace", unit: "cells", total: total, alreadyDone: alreadyDone,
      screen: { [self] in
        Terminal(width: state.withLock(\.width), ink: ink, isInteractive: isInteractive)
      },
      now: { [self] in state.withLock(\.time) },
      write: { [self] text in state.withLock { $0.written.append(text) } })
  }

  func pass(_ time: Duration) { state.withLock { $0.time += time } }
  func resize(_ width: Int) { state.withLock { $0.width = width } }
  var written: [String] { state.withLock(\.written) }
  var text: String { written.joined() }
}

@Suite struct ProgressLineTests {
  @Test func `on a terminal the bar is redrawn in place, ten times a second at most`() {
    let stage = Stage(isInteractive: true)
    let line = stage.line(total: 1000)
    for done in 1...1000 {
      stage.pass(.milliseconds(1))
      line.update(done: done)
    }
    #expect((9...11).contains(stage.written.count), "\(stage.written.count) drawings in a second")
    #expect(stage.written.allSatisfy { $0.hasPrefix("\r") && $0.hasSuffix("\u{1B}[K") })
    line.finish()
    #expect(stage.text.hasSuffix("\n"))
  }

  @Test func `the bar shows count, rate, elapsed and remaining time`() {
    let stage = Stage(isInteractive: true)
    let line = stage.line(total: 900)
    stage.pass(.seconds(60))
    line.update(done: 300)
    #expect(
      stage.written
        == [
          "\rtrace ##########......................  300/900 cells 33%  5/s  1:00, 2:00 left\u{1B}[K"
        ])
  }

  @Test(arguments: [
    (20, "100/900 11%"), (30, "100/900 11% 1:20 left"),
    (40, "100/900 11% 1:20 left"), (79, "100/900 cells 11%  10/s  0:10, 1:20 left"),
    (300, "100/900 cells 11%  10/s  0:10, 1:20 left"),
  ])
  func `a narrow terminal loses words before it loses the count`(width: Int, words: String) {
    let stage = Stage(width: width, isInteractive: true)
    let line = stage.line(total: 900)
    stage.pass(.seconds(10))
    line.update(done: 100)
    #expect(stage.text.contains(words), "\(stage.text)")
  }

  @Test func `the bar never fills a line, at any width or count`() {
    for ink in [Terminal.Ink.ascii, .trueColor] {
      let stage = Stage(ink: ink, isInteractive: true)
      let line = stage.line(total: Int.max)
      for width in 20...300 {
        stage.resize(width)
        stage.pass(.seconds(100_000))
        line.update(done: Int.max / 301 * width, failed: width)
      }
      for (index, text) in stage.written.enumerated() {
        #expect(displayWidth(String(text.dropFirst().dropLast(3))) < 20 + index)
      }
      #expect(stage.written.count == 281)
    }
  }

  @Test func `in a file there is one plain line a minute and one at the end`() {
    let stage = Stage(isInteractive: false)
    let line = stage.line(total: 600)
    for second in 1...150 {
      stage.pass(.seconds(1))
      line.update(done: second * 4, failed: second > 100 ? 2 : 0)
    }
    line.finish()
    #expect(
      stage.written == [
        "trace: 240 of 600 cells (40%), 4/s, elapsed 1:00, remaining 1:30\n",
        "trace: 480 of 600 cells (80%), 2 failed, 4/s, elapsed 2:00, remaining 0:30\n",
        "trace: 600 of 600 cells (100%), 2 failed, 4/s, elapsed 2:30\n",
      ])
    #expect(!stage.text.contains { $0 == "\r" || $0 == "\u{1B}" })
  }

  @Test func `what an earlier run did counts as done but not for the rate`() {
    let stage = Stage(isInteractive: false)
    let line = stage.line(total: 1000, alreadyDone: 900)
    stage.pass(.seconds(60))
    line.update(done: 930)
    #expect(
      stage.written
        == ["trace: 930 of 1000 cells (93%), 0.5/s, elapsed 1:00, remaining 2:20\n"])
  }

  @Test(arguments: [(6, "0.1/s"), (3, "3/min"), (60, "1/s")])
  func `slow rates are told by the minute`(done: Int, rate: String) {
    let stage = Stage(isInteractive: false)
    let line = stage.line(total: 1000)
    stage.pass(.seconds(60))
    line.update(done: done)
    #expect(stage.text.contains(", \(rate), "), "\(stage.text)")
  }

  @Test func `slower rates are told by the hour`() {
    let stage = Stage(isInteractive: false)
    let line = stage.line(total: 1000)
    stage.pass(.seconds(3600))
    line.update(done: 2)
    #expect(stage.text == "trace: 2 of 1000 cells (0%), 2/h, elapsed 1:00:00, remaining 20d19h\n")
  }

  @Test func `before the first unit the remaining time is unknown`() {
    let stage = Stage(isInteractive: false)
    let line = stage.line(total: 10)
    stage.pass(.seconds(61))
    line.update(done: 0)
    #expect(stage.text == "trace: 0 of 10 cells (0%), elapsed 1:01, remaining unknown\n")
  }

  @Test func `a run is at a hundred percent only when all is done`() {
    let stage = Stage(isInteractive: false)
    let line = stage.line(total: 100_000)
    stage.pass(.seconds(60))
    line.update(done: 99_999)
    #expect(stage.text.contains("(99%)"))
  }

  @Test func `after the end nothing more is drawn, and counts out of range are cut`() {
    let stage = Stage(isInteractive: false)
    let line = stage.line(total: 10, alreadyDone: 50)
    line.update(done: 70, failed: -4)
    line.finish()
    line.finish()
    stage.pass(.seconds(600))
    line.update(done: Int.min)
    #expect(stage.written == ["trace: 10 of 10 cells (100%), elapsed 0:00\n"])
    let empty = Stage(isInteractive: true)
    empty.line(total: -1).finish()
    #expect(empty.text.contains("0/0 cells 100%"))
  }

  @Test func `a note stands on a line of its own above the bar`() {
    let stage = Stage(isInteractive: true)
    let line = stage.line(total: 10)
    line.update(done: 1)
    line.note("log disk full\r\n")
    #expect(stage.written[1] == "\r\u{1B}[Klog disk full\\r\\n\n")
    #expect(stage.written[2] == stage.written[0])
    let file = Stage(isInteractive: false)
    file.line(total: 10).note("warning")
    #expect(file.written == ["warning\n"])
  }
}
