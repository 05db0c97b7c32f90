import JobFiles
import Testing
import _TestSupport

@testable import Prompts

/// Answers that data tell by more than one name.
@Suite struct AnswerNamesTests {
  private let prompts = WordTokenizer(words: [" Paris", " is", " Rome"])

  private func resolve(_ answer: String) throws -> ResolvedPrompt {
    let text = #"[{"clean": "it is", "corrupted": "he is", \#(answer)}]"#
    return try resolver(prompts).resolve(
      try #require(try written(text, .pair(isCompared: true), file: "pairs.json").first))
  }

  @Test(arguments: [
    #""answer": "Paris", "answer_id": 256"#, #""answer": " Paris", "io_id": 256"#,
    #""answer": "Paris and more", "answer_id": 256"#,
    #""answer": 256, "answer_id": 256"#,
    // In a file the first of names of one kind counts.
    #""answer": "Paris", "io": "Rome""#,
  ])
  func `a token beside the text that begins with it is the answer`(answer: String) throws {
    #expect(try resolve(answer).answer == 256)
  }

  @Test(arguments: [
    (
      #""answer": "Rome", "answer_id": 256"#, "[0].answer_id",
      #"token 256, " Paris", beside answer"#
    ),
    (#""answer": 258, "answer_id": 256"#, "[0].answer_id", "token 256 beside answer = 258"),
    (
      #""answer_id": 256, "s": "Paris", "s_id": 258"#, "[0].s_id",
      #"token 258, " Rome", beside s = "Paris""#
    ),
  ])
  func `a token beside another text is refused`(answer: String, field: String, says: String) throws
  {
    do {
      _ = try resolve(answer)
      Issue.record("nothing was refused")
    } catch {
      #expect("\(error)".contains(field) && "\(error)".contains(says), "\(error)")
    }
  }
}
