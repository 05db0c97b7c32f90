import Inputs
import JobFiles
import Testing

@testable import Experiments

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

  private func resolved(_ prompt: String, _ answer: String) throws(Refusal) -> ResolvedPrompt {
    let fact = JobValue.fields([
      "prompt": .text(prompt), "subject": .text(String(prompt.prefix(1))), "answer": .text(answer),
    ])
    let field = JobField(fact, at: JobPlace(file: "f.json").item(0))
    return try resolver(tokenizer).resolve(try PromptForm.fact.read(field, number: 0))
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
    let facts = [try resolved("Q is", "Paris"), try resolved("2+2=", "4")]
    let lines = ResolvedPrompt.Spelling.lines(facts)
    let line = try #require(lines.first)
    #expect(lines.count == 1 && line.contains("1 of 2 answers"))
    #expect(
      line.contains(#"after "=" "4" is meant, not " 4" (answer_id = 258), first at [0].answer"#))
    // Written with its space, or behind a word, it means one thing.
    #expect(try ResolvedPrompt.Spelling.lines([resolved("2+2=", " 4"), facts[0]]).isEmpty)
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
