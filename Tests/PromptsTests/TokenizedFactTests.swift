import Inputs
import JobFiles
import Testing
import _TestSupport

@testable import Prompts

struct JobTokenizedFactTests {
  private let tokenizer = WordTokenizer(words: [
    "The", " capital", " of", " New", " Zea", "land", " is", " Wel", " Paris", " Rome", "Paris",
    "Par", "is", " Par",
  ])

  private func tokenized(
    _ fields: String, context: Int = 1 << 20
  ) throws(Refusal) -> ResolvedPrompt {
    try resolver(tokenizer, positions: context).resolve(written("[{\(fields)}]", .fact)[0])
  }

  private func texts(_ ids: [Int]) -> [String] { ids.map(tokenizer.text) }

  @Test func `the subject is every token that overlaps its characters`() throws {
    let fact = try tokenized(
      #""prompt":"The capital of New Zealand is","subject":"New Zealand","answer":"Paris""#)
    #expect(texts(fact.ids) == ["The", " capital", " of", " New", " Zea", "land", " is"])
    #expect(fact.base.places.roles == PromptRoles(tokenCount: 7, subject: 3..<6))
    #expect(texts([fact.answer]) == [" Paris"] && fact.foil == nil)
    let part = try tokenized(
      #""prompt":"The capital of New Zealand is","subject":"ealan","answer":"Paris""#)
    #expect(part.subject == 4..<6)
  }

  @Test func `a subject that stands twice is the first`() throws {
    let fact = try tokenized(#""prompt":"The Paris of Paris is","subject":"Paris","answer":"Rome""#)
    #expect(fact.subject == 1..<2)
  }

  @Test func `the answer follows a space that the prompt may already have`() throws {
    let with = #""prompt":"The capital is ","subject":"capital","answer":"Paris""#
    #expect(try texts([tokenized(with).answer]) == ["Paris"])
    let already = #""prompt":"The capital is","subject":"capital","answer":" Paris""#
    #expect(try texts([tokenized(already).answer]) == [" Paris"])
  }

  @Test func `an answer of several tokens is refused with its tokens`() throws {
    expectRefusal(
      naming: "facts.json: [0].answer", "\" Parisland\"", "2 tokens (\" Paris\", \"land\")",
      "such as its first, \" Paris\""
    ) { () throws(Refusal) in
      try tokenized(#""prompt":"The capital is","subject":"capital","answer":"Parisland""#)
    }
  }

  @Test func `a foil is a token of its own`() throws {
    let fact = try tokenized(
      #""prompt":"The capital is","subject":"capital","answer":"Paris","foil":"Rome""#)
    #expect(fact.foil.flatMap(tokenizer.token) == " Rome")
    expectRefusal(naming: "[0].foil", "the answer's own token") { () throws(Refusal) in
      try tokenized(
        #""prompt":"The capital is","subject":"capital","answer":"Paris","foil":" Paris""#)
    }
  }

  @Test func `tokens that came with the fact are used and checked`() throws {
    let fact = try tokenized(#""input_ids":[256,257,262],"subject_range":[1,2],"answer_id":264"#)
    #expect(texts(fact.ids) == ["The", " capital", " is"])
    #expect(texts([fact.answer]) == [" Paris"] && fact.subject == 1..<2)
    for fields in [
      #""input_ids":[256,9999],"subject_range":[1,2],"answer_id":264"#,
      #""input_ids":[256,257],"subject_range":[1,2],"answer_id":9999"#,
      #""input_ids":[256,257],"subject_range":[1,2],"answer_id":1,"foil_id":9999"#,
    ] {
      expectRefusal(naming: "token 9999", "0 to \(tokenizer.count - 1)") {
        () throws(Refusal) in
        try tokenized(fields)
      }
    }
  }

  @Test func `a prompt longer than the context is refused`() throws {
    let fact = #""prompt":"The capital is","subject":"capital","answer":"Paris""#
    _ = try tokenized(fact, context: 3)
    expectRefusal(naming: "[0].prompt", "3 tokens", "at most 2", "tiny") {
      () throws(Refusal) in
      try tokenized(fact, context: 2)
    }
  }

  @Test func `a prompt that becomes no token is refused`() throws {
    struct Silent: PromptTokenizer {
      let count = 1
      func encodeWithOffsets(_ text: String) -> [(id: Int, utf8Range: Range<Int>)] { [] }
      func token(_ id: Int) -> String? { nil }
    }
    let fact = try written(#"[{"prompt":"a b","subject":"a","answer":"c"}]"#, .fact)[0]
    expectRefusal(naming: "facts.json: [0].prompt", "without tokens") { () throws(Refusal) in
      try resolver(Silent()).resolve(fact)
    }
  }

  @Test func `a prompt of any characters is only text`() throws {
    for odd in ["{}", "%s", "\\n", "🙂", "\\u202e", String(repeating: "\u{301}", count: 1_000_00)] {
      let fact = try tokenized(
        #""prompt":"The \#(odd) capital is","subject":"capital","answer":"Rome""#)
      #expect(fact.subject.map { texts(Array(fact.ids[$0])) } == [" capital"])
    }
  }

  @Test func `a subject is sought in time linear in its length`() {
    let whole = String(repeating: "a", count: 1_000_000) + "b"
    #expect(
      whole.firstUTF8Range(of: String(repeating: "a", count: 10_000) + "b") == 990_000..<1_000_001)
    #expect(whole.firstUTF8Range(of: String(repeating: "a", count: 500_000) + "c") == nil)
    #expect("abcabcd".firstUTF8Range(of: "abcd") == 3..<7)
    #expect("ab".firstUTF8Range(of: "") == nil && "".firstUTF8Range(of: "a") == nil)
    #expect("aabaaabaaac".firstUTF8Range(of: "aabaaac") == 4..<11)
  }
}
