import Testing

@testable import Figures

struct AnswerTableTests {
  private let table = AnswerTable(
    of: "token",
    [
      .init("\" Rome\"", before: 0.001, after: 0.75, logitChange: 6.5),
      .init("\" Madrid\"", before: 0.5, after: 0.00001, logitChange: -9.25),
      .init("\"\n\u{1B}[2J\"", before: 0.25, after: 0.25, logitChange: 0),
    ])

  @Test(arguments: [40, 60, 80, 200], Terminal.Ink.allCases)
  func `tables keep within the terminal, and nothing of a token commands it`(
    width: Int, ink: Terminal.Ink
  ) {
    let lines = TerminalAnswerTable(table, on: Terminal(width: width, ink: ink)).lines
    #expect(lines.count == 4)
    for line in lines {
      let plain = line.replacing(/\u{1B}\[[0-9;]*m/, with: "")
      // Numbers are not cut: 56 columns is what they take.
      #expect(displayWidth(plain) <= max(width, 58), "\(plain)")
      #expect(!plain.contains("\u{1B}") && !plain.contains("\n"))
      if !ink.hasColor { #expect(plain == line) }
      if ink.isASCII { #expect(line.allSatisfy { $0.isASCII }) }
    }
  }

  @Test func `shares stand in percent with the change in points and that of the logit`() {
    let lines = TerminalAnswerTable(table, on: Terminal(width: 80, ink: .shades)).lines
    #expect(lines[1].contains("0.1 %") && lines[1].contains("75.0 %"))
    #expect(lines[1].contains("+74.9 %") && lines[1].hasSuffix("+6.50"))
    #expect(lines[2].contains("<0.01 %") && lines[2].contains("-50.0 %"))
    #expect(lines[1].count { $0 == "█" } > lines[2].count { $0 == "█" })
    let alone = AnswerTable(
      of: "class", [.init("class 3", before: nil, after: 1, logitChange: nil)])
    let plain = TerminalAnswerTable(alone, on: Terminal(width: 80, ink: .ascii)).lines
    #expect(plain[0].hasSuffix("probability") && plain[1].hasSuffix("########"))
  }
}
