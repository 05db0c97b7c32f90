import Foundation
import JobFiles
import Testing

@testable import Experiments
@testable import Prompts

/// Jobs whose tokenizer puts a token in front of every text.
struct SpecialTokenTests {
  /// The facts of a trace as the model reads them: w39 begins every text.
  private func facts(_ model: String = "", prompt: String = "w3 w17 w5") throws -> [ResolvedPrompt]
  {
    let run = try TinyRun()
    try run.writeWordTokenizer(beginning: 39)
    let job = """
      kind = "trace"
      [model]
      path = "model"
      \(model)
      [[data.items]]
      prompt = "\(prompt)"
      subject = "w17"
      answer = "w7"
      [[data.items]]
      input_ids = [3, 17, 5]
      subject_range = [1, 2]
      answer_id = 7
      [corrupt]
      noise = 2.0
      [[restore]]
      site = "block_output"
      """
    try Data(job.utf8).write(to: URL(fileURLWithPath: "\(run.root)/job.toml"))
    return try TraceJob(TraceSpec(JobDocument(reading: run.root + "/job.toml"))).facts
  }

  @Test func `a text begins as its tokenizer says, and ids are taken as they are`() throws {
    let facts = try facts()
    #expect(facts.map(\.ids) == [[39, 3, 17, 5], [3, 17, 5]])
    #expect(facts.map(\.subject) == [2..<3, 1..<2] && facts.map(\.answer) == [7, 7])
    #expect(facts.allSatisfy { $0.skipped == nil && $0.spellings.isEmpty })
  }

  @Test func `a job leaves special tokens out, and one that is typed is not doubled`() throws {
    #expect(try facts("special_tokens = false")[0].ids == [3, 17, 5])
    let typed = try facts(prompt: "w39 w3 w17 w5")[0]
    #expect(typed.ids == [39, 3, 17, 5] && typed.subject == 2..<3 && typed.answer == 7)
  }
}
