import CausalModels
import JobFiles
import Testing
import _TestSupport

@testable import Experiments
@testable import Prompts

/// Prompts as they are shown, of tokens that are parts of characters.
@Suite struct PromptTextTests {
  private let prompts = WordTokenizer(words: ["山", " is", "e\u{301}"])

  private func ids(_ text: String) -> [Int] { prompts.encodeWithOffsets(text).map(\.id) }

  @Test func `a character of several tokens stands at the first of them`() {
    #expect(prompts.pieces(ids("富山 is")) == ["富", "", "", "山", " is"])
    #expect(prompts.pieces(ids("🙂é")) == ["🙂", "", "", "", "é", ""])
  }

  @Test(arguments: ["", "富士山 is 🙂", "naïve", "\u{FFFD}é\u{FFFD}", "e\u{301}日本語"])
  func `the text of a prompt is what was read`(text: String) {
    #expect(prompts.text(ids(text)) == text)
  }

  @Test func `bytes that are no character stay marked, and the others are put together`() {
    // The first two of the three bytes of a character, then a whole one.
    #expect(prompts.pieces([0xE5, 0xAF] + ids("é")) == ["\u{FFFD}", "\u{FFFD}", "é", ""])
    #expect(prompts.text([0xA9]) == "\u{FFFD}")
  }

  @Test func `checks and the titles of figures show whole characters`() throws {
    let pair = #"[{"clean": "富山 is", "answer_id": 65, "corrupted": "富士 is"}]"#
    let prompt = try #require(
      try written(pair, .pair(isCompared: true), file: "pairs.json").first)
    let resolver = resolver(prompts)
    let resolved = try resolver.resolve(prompt)
    #expect(
      resolver.text(resolved.base, marking: [1: "", 3: "x"]) == ["富", "[]", "", "[x: 山]", " is"])
    let kept = SweepPrompt(resolved, noised: [], by: prompts)
    #expect(kept.text == "富山 is" && kept.tokens.count == 5)
    // What its tokens say one by one is not kept twice.
    let plain = ResolvedPrompt(
      id: "0", base: resolved.base, answer: 65, at: JobPlace(file: "pairs.json"))
    #expect(SweepPrompt(plain, noised: [], by: WordTokenizer(words: ["富"])).text != nil)
    let fact = try #require(
      try written(
        #"[{"input_ids": [229, 175, 140, 256], "subject_range": [0, 3], "answer_id": 65}]"#, .fact
      ).first)
    let traced = TracedFact(fact, try resolver.resolve(fact), by: prompts)
    #expect(traced.prompt == "富山" && traced.subject == "富")
  }
}
