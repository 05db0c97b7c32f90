import Figures
import Inputs
import Testing

@Suite struct ColorScaleTests {
  @Test func `the ends of a scale are its first and last stop`() {
    #expect(ColorScale.purples.color(at: 0).hexadecimal == "#fcfbfd")
    #expect(ColorScale.purples.color(at: 1).hexadecimal == "#3f007d")
    #expect(ColorScale.purples.color(at: -3) == ColorScale.purples.color(at: 0))
    #expect(ColorScale.purples.color(at: 7) == ColorScale.purples.color(at: 1))
  }

  @Test func `between two stops the colour is mixed`() {
    // Half way from #fcfbfd to #efedf5, a sixteenth of the scale of nine stops.
    #expect(ColorScale.purples.color(at: 1 / 16).hexadecimal == "#f6f4f9")
  }

  @Test(arguments: [
    (0x000000, 16), (0xffffff, 231), (0xff0000, 196), (0x5f87af, 67), (0x808080, 244),
    (0x080808, 232), (0xeeeeee, 255),
  ])
  func `a colour becomes the nearest of the 256`(hexadecimal: UInt32, index: Int) {
    #expect(RGB(hexadecimal: hexadecimal).terminalIndex == index)
  }

  @Test func `a name is found without regard to case, and a misspelt one is refused`() throws {
    #expect(try ColorScale.named("purples") == .purples)
    #expect(try ColorScale.named("RDBU_R") == .redBlue)
    let refusal = #expect(throws: Refusal.self) { try ColorScale.named("Purpels") }
    #expect(refusal?.kind == .commandLine)
    #expect(refusal?.expected == "Purples (did you mean that?)")
    let other = #expect(throws: Refusal.self) { try ColorScale.named("jet") }
    #expect(other?.expected.hasPrefix("one of Purples, Greens") == true)
  }
}
