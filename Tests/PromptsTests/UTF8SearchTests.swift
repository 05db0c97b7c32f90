import Testing

@testable import Prompts

struct UTF8SearchTests {
  @Test func `mentions are found from the left, each byte once`() {
    #expect("aaaa".utf8Ranges(of: "aa") == [0..<2, 2..<4])
    #expect("aaaa".utf8Ranges(of: "aa", limit: 1) == [0..<2])
    #expect("abab abc".utf8Ranges(of: "abc") == [5..<8])
    #expect("abc".utf8Ranges(of: "").isEmpty)
    #expect("é is e".utf8Ranges(of: "is") == [3..<5])
  }

  @Test func `words are whole where no letter or digit goes on`() {
    let prompt = "In Paris is 12 is"
    let mentions = prompt.utf8Ranges(of: "is")
    #expect(mentions.map { prompt.isWhole($0) } == [false, true, true])
    #expect(!prompt.isWhole(12..<13))
    #expect(prompt.isWhole(0..<prompt.utf8.count))
    #expect(!"éa".isWhole(2..<3))
    #expect("日本, 本".isWhole(8..<11))
  }
}
