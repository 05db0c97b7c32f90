import Inputs
import JobFiles
import Testing
import _TestSupport

@testable import Prompts

struct AnswerSpacingTests {
  @Test(arguments: [
    ("The capital of France is", true), ("Paris is the capital of ", false), ("", true),
    ("2+2=", false), ("2 + 2 =", true), ("x = 4 *", true), ("apple ->", true), ("apple->", false),
    ("print(", false), ("f(x)", true), ("a[", false), ("{", false), ("He said \"", false),
    ("print(\"", false), ("\"Hamlet\"", true), ("\"Hamlet,\"", true), ("print('", false),
    ("He said: «", false), ("«Hamlet»", true), ("“Hamlet”", true), ("“", false), ("name:\"", false),
    ("A line\n", false), ("A line\r\n", false), ("\t", false), ("Answer:", true),
    ("Rome, Paris,", true), ("Wait...", true), ("It costs $", false), ("日本の首都は", false),
    ("答え：", false), ("서울은", true), ("Столица —", true), ("well-", false), ("5%", true),
    ("US$", false), ("R$", false), ("5$", true), ("5€", true), ("user@", false), ("at @", false),
    ("std::", false), ("x ::", true), ("C#", true),
    ("Le café", true), ("Le cafe\u{301}", true), ("🙂", true), ("¿", false),
  ])
  func `a space stands before an answer unless the prompt ends otherwise`(
    prompt: String, isSpaced: Bool
  ) {
    #expect(AnswerSpacing(after: prompt).isSpaced == isSpaced)
  }

  private let tokenizer = WordTokenizer(words: [
    "2+2", "=", " 4", "4", "\n", "Q", " is", " Paris", "Paris", "print", "(", "(\"", " (",
  ])

  private func resolved(
    _ prompt: String, _ answer: String, foil: String? = nil, long: LongAnswers? = nil,
    number: Int = 0
  ) throws(Refusal) -> ResolvedPrompt {
    let fact = JobValue.fields([
      "prompt": .text(prompt), "subject": .text(String(prompt.prefix(1))), "answer": .text(answer),
      "foil": foil.map { .text($0) },
    ])
    let field = JobField(fact, at: JobPlace(file: "f.json").item(number))
    return try resolver(tokenizer).resolve(try PromptForm.fact.read(field, number: 0), long: long)
  }

  @Test func `the answer is the token that continues the prompt`() throws {
    for (prompt, answer, token) in [
      ("2+2=", "4", "4"), ("2+2=", " 4", " 4"), ("2+2 =", "4", " 4"), ("Q is", "Paris", " Paris"),
      ("Q is\n", "Paris", "Paris"), ("Q is ", "Paris", "Paris"), ("Q is ", " Paris", "Paris"),
      // The prompt's last token would take it in.
      ("print(", "\"", "\""),
    ] {
      let answer = try resolved(prompt, answer).answer
      #expect(tokenizer.token(answer) == token, "\(prompt)")
    }
  }

  @Test func `where another spelling is one token too, check says which is meant`() throws {
    let facts = [try resolved("Q is", "Paris"), try resolved("2+2=", "4", number: 1)]
    let lines = ResolvedPrompt.Spelling.lines(facts)
    let line = try #require(lines.first)
    #expect(lines.count == 1 && line.contains("1 of 2 answers"))
    #expect(
      line.contains(#"after "=" "4" is meant, not " 4" (answer = 258), first at [1].answer"#))
    // Written with its space, or behind a word, it means one thing.
    #expect(try ResolvedPrompt.Spelling.lines([resolved("2+2=", " 4"), facts[0]]).isEmpty)
    // Foils, each prompt once; and where the other spelling alone is one token.
    let foils = [facts[1], try resolved("2+2=", "4", foil: "Paris", number: 2)]
    #expect(foils[1].spellings.count == 2)
    #expect(ResolvedPrompt.Spelling.lines(foils).map { $0.hasPrefix("2 of 2 answers") } == [true])
    let foil = ResolvedPrompt.Spelling.lines([try resolved("2+2=", " 4", foil: "Paris")])
    #expect(foil.count == 1 && foil[0].contains("(foil = 263), first at [0].foil"), "\(foil)")
    let long = try resolved("2+2=", "is", long: .firstToken)
    #expect(long.spellings.map(\.other?.text) == [" is"])
    #expect(
      try resolved("2+2=", "is", long: .oneToken).skipped?.contains(#"" is" is one, 262"#) == true)
    // Of examples, whose labels a training takes, by split.
    let splits = ResolvedPrompt.Spelling.lines([.test: [facts[1]], .train: [facts[0]]])
    #expect(splits.count == 1 && splits[0].hasPrefix("test: 1 of 1 answers"))
  }

  @Test func `the other answer of an example is looked at too`() throws {
    var examples = WrittenExamples(isIntervened: false)
    let example = JobValue.fields([
      "base": .text("2+2="), "label": .text(" 4"), "base_label": .text("4"),
    ])
    try examples.append(JobField(example, at: JobPlace(file: "e.jsonl", origin: .line(1))))
    let resolved = try resolver(tokenizer).resolve(examples.prompts[0])
    #expect(resolved.spellings.map(\.key) == ["base_label"])
  }

  @Test func `where the prompt's end would take the answer in, check says so`() throws {
    for (prompt, answer) in [("print(", "\""), ("Q is ", "Paris")] {
      let lines = ResolvedPrompt.Spelling.lines([try resolved(prompt, answer)])
      #expect(lines.count == 1 && lines[0].contains("one token with the end of their prompts"))
      #expect(lines[0].contains("\(quoted(answer)) is meant"), "\(lines)")
    }
  }

  @Test func `an answer that begins with a blank gets no space before it`() throws {
    let ids = tokenizer.encodeWithOffsets("Q is").map(\.id)
    let answer = try tokenizer.answer("\n4", following: "Q is", ids)
    #expect(answer.text == "\n4" && answer.ids.compactMap(tokenizer.token) == ["\n", "4"])
  }
}
