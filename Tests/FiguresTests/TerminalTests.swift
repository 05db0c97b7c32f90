import Figures
import Foundation
import Testing

@Suite struct TerminalTests {
  private func terminal(
    _ environment: [String: String], isTerminal: Bool = true, columns: Int? = 80
  ) -> Terminal {
    Terminal(isTerminal: isTerminal, columns: columns, environment: environment)
  }

  @Test(arguments: [
    (["TERM": "xterm-256color", "LANG": "C.UTF-8"], Terminal.Ink.indexed),
    (["TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"], .trueColor),
    (["TERM": "xterm-direct", "LANG": "de_DE.utf8"], .trueColor),
    (["TERM": "xterm-256color", "NO_COLOR": "1", "LANG": "C.UTF-8"], .shades),
    (["TERM": "xterm-256color", "NO_COLOR": "", "LANG": "C.UTF-8"], .indexed),
    (["TERM": "linux", "LANG": "C.UTF-8"], .shades),
    (["TERM": "dumb", "COLORTERM": "truecolor", "LANG": "C.UTF-8"], .shades),
    (["LANG": "C.UTF-8"], .shades),
    (["TERM": "dumb"], .ascii),
    (["TERM": "xterm-256color", "NO_COLOR": "1", "LC_ALL": "C", "LANG": "C.UTF-8"], .ascii),
    (["TERM": "dumb", "LC_ALL": "", "LC_CTYPE": "en_US.UTF-8", "LANG": "C"], .shades),
  ])
  func `the ink is the richest that the environment allows`(
    environment: [String: String], ink: Terminal.Ink
  ) {
    #expect(terminal(environment).ink == ink)
  }

  @Test func `what is no terminal gets no colour and no redrawing`() {
    let file = terminal(
      ["TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"], isTerminal: false)
    #expect(file.ink == .shades)
    #expect(!file.isInteractive)
    #expect(terminal(["TERM": "xterm"]).isInteractive)
    #expect(!terminal(["TERM": "dumb"]).isInteractive)
  }

  @Test func `a terminal's own width is asked of its driver, and a file has none`() throws {
    let terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY)
    defer { close(terminal) }
    try #require(terminal >= 0)
    var size = winsize(ws_row: 24, ws_col: 57, ws_xpixel: 0, ws_ypixel: 0)
    try #require(ioctl(terminal, UInt(TIOCSWINSZ), &size) == 0)
    #expect(Terminal.behind(descriptor: terminal).width == 57)

    let file = open("/dev/null", O_WRONLY)
    defer { close(file) }
    #expect(!Terminal.behind(descriptor: file).isInteractive)
    #expect(!Terminal.behind(descriptor: file).ink.hasColor)
  }

  @Test func `colours in the C locale stay with ASCII text`() {
    let screen = terminal(["TERM": "xterm-256color"])
    #expect(screen.ink == .indexed && !screen.isUnicode)
  }

  @Test func `the width is the terminal's, else that of COLUMNS, else 80, within 20 to 300`() {
    #expect(terminal([:], columns: 132).width == 132)
    #expect(terminal(["COLUMNS": "60"], columns: nil).width == 60)
    #expect(terminal(["COLUMNS": "wide"], columns: nil).width == 80)
    #expect(terminal(["COLUMNS": "99999999999999999999"], columns: nil).width == 80)
    #expect(terminal(["COLUMNS": "-5"], columns: nil).width == 20)
    #expect(terminal([:], columns: 5000).width == 300)
  }
}
