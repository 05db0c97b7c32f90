import Figures
import Testing

@Suite struct DisplayTextTests {
  @Test(arguments: [
    (" Paris", " Paris", " Paris"),
    ("\n\r\t", "\\n\\r\\t", "\\n\\r\\t"),
    ("  ", "␣␣", "__"),
    ("\u{1B}[31mred", "\\u{1b}[31mred", "\\u{1b}[31mred"),
    ("a\u{202E}b\u{200D}", "a\\u{202e}b\\u{200d}", "a\\u{202e}b\\u{200d}"),
    ("\u{301}x", "◌\u{301}x", "\\u{301}x"),
    ("\u{2764}\u{FE0F}", "\u{2764}", "\\u{2764}"),
    ("\u{FFFF}\u{E000}", "\\u{ffff}\\u{e000}", "\\u{ffff}\\u{e000}"),
    ("café", "café", "caf\\u{e9}"),
    ("", "", ""),
  ])
  func `text is drawn on one line with nothing invisible`(
    text: String, unicode: String, ascii: String
  ) {
    #expect(displayText(text, ascii: false) == unicode)
    #expect(displayText(text, ascii: true) == ascii)
  }

  @Test func `a text of any length is cut at two hundred scalars`() {
    #expect(displayText(String(repeating: "a", count: 100_000), ascii: true).count == 202)
  }

  @Test(arguments: [
    ("abc", 3), ("日本語", 6), ("e\u{301}", 1), ("🙂", 2), ("🇫🇷", 2), ("ｱ", 1), ("Ａ", 2), ("한", 2),
    ("Ω", 1),
  ])
  func `East Asian characters and emoji take two columns`(text: String, columns: Int) {
    #expect(displayWidth(text) == columns)
  }

  @Test func `a cut text is never wider than its limit`() {
    for limit in 1...9 {
      for text in ["abcdefghij", "日本語日本語", "a日b本c語d"] {
        #expect(displayWidth(cut(text, to: limit, ascii: false)) <= limit)
        #expect(displayWidth(cut(text, to: limit, ascii: true)) <= limit)
      }
    }
    #expect(cut("abcdef", to: 4, ascii: false) == "abc…")
    #expect(cut("abcdef", to: 4, ascii: true) == "ab..")
    #expect(cut("日本語", to: 4, ascii: false) == "日…")
    #expect(cut("abcd", to: 4, ascii: false) == "abcd")
  }

  @Test func `lines are broken at spaces, and words longer than a line are cut`() {
    #expect(wrapped("one two three", to: 7, ascii: true) == ["one two", "three"])
    #expect(wrapped("incomprehensible", to: 6, ascii: true) == ["inco.."])
    #expect(wrapped("", to: 6, ascii: true) == [])
  }

  @Test func `ticks stand at round numbers and leave room for their labels`() {
    let layers = (0..<30).map(String.init)
    func ticks(_ labels: [String], _ width: Double) -> [Int] {
      AxisTicks(labels, columnWidth: width) { Double($0.count + 1) }.columns
    }
    #expect(ticks(layers, 3) == Array(0..<30))
    #expect(ticks(layers, 2) == Array(stride(from: 0, to: 30, by: 2)))
    #expect(ticks(layers, 1) == [0, 5, 10, 15, 20, 25])
    #expect(ticks(layers, 0.1) == [0])
    #expect(ticks([], 1) == [])
  }

  @Test func `ticks of a sweep that begins late stand at multiples all the same`() {
    let layers = (3..<20).map(String.init)
    let ticks = AxisTicks(layers, columnWidth: 1) { Double($0.count + 1) }
    #expect(ticks.columns.map { layers[$0] } == ["5", "10", "15"])
    let names = AxisTicks(["L1H2", "L1H3", "L2H0"], columnWidth: 3) { Double($0.count + 1) }
    #expect(names.columns == [0, 2])
  }

  @Test(arguments: [
    (0.0, "0:00"), (59.6, "1:00"), (3599, "59:59"), (3600, "1:00:00"), (172_800, "2d00h"),
    (1e300, "--:--"), (.nan, "--:--"), (-5, "0:00"),
  ])
  func `durations are as short as they can be read`(seconds: Double, text: String) {
    #expect(clockText(seconds) == text)
  }
}
