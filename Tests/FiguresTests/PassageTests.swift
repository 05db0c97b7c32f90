import Testing

@testable import Figures

struct PassageTests {
  @Test(arguments: [20, 33, 80], Terminal.Ink.allCases)
  func `passages are wrapped beside their labels, with all their letters`(
    width: Int, ink: Terminal.Ink
  ) {
    let words = (0..<60).map { " word\($0)" } + [String(repeating: "x", count: 150)]
    let passage = Passage("base", words.map { .init($0) } + [.init(" touched", .marked)])
    let other = Passage("source 0", [.init("short")])
    let lines = TerminalPassages([passage, other], on: Terminal(width: width, ink: ink)).lines
      .map { $0.replacing(/\u{1B}\[[0-9;]*m/, with: "") }
    #expect(lines.allSatisfy { displayWidth($0) <= width }, "\(lines)")
    #expect(lines[0].hasPrefix("base"))
    #expect(lines.last?.hasPrefix("sour") == true && lines.last?.hasSuffix("short") == true)
    let letters = lines.dropLast().joined().filter { !$0.isWhitespace }.dropFirst("base".count)
    let expected = words.joined() + "[touched]"
    #expect(String(letters) == expected.filter { !$0.isWhitespace })
  }

  @Test func `marked pieces are in brackets, and in colour where there is one`() {
    let passage = Passage("", [.init("of"), .init(" Spain", .marked), .init(" is", .dim)])
    let plain = TerminalPassages([passage], on: Terminal(width: 80, ink: .shades)).lines
    #expect(plain == ["  of[ Spain] is"])
    let drawn = TerminalPassages([passage], on: Terminal(width: 80, ink: .trueColor)).lines
    #expect(drawn[0].contains("\u{1B}[1;36m[ Spain]\u{1B}[0m"))
    #expect(drawn[0].hasSuffix("\u{1B}[2m is\u{1B}[0m"))
  }

  @Test func `nothing in a text commands the terminal`() {
    let passage = Passage("a\u{1B}[2J", [.init("b\u{1B}[31m\nc")])
    let lines = TerminalPassages([passage], on: Terminal(width: 80, ink: .indexed)).lines
    #expect(lines.count == 1 && !lines[0].contains("\u{1B}"))
  }
}
