import CausalModels
import Foundation
import Inputs
import JobFiles
import Testing
import _TestSupport

@testable import Experiments
@testable import Prompts

struct JobFactTests {
  private func facts(
    _ text: String, file: String = "facts.json"
  ) throws(Refusal) -> [WrittenPrompt] {
    try written(text, .fact, file: file)
  }

  private let good = #"{"prompt":"Paris is in","subject":"Paris","answer":"France"}"#

  @Test func `the three forms are read, and further fields passed over`() throws {
    let read = try facts(
      """
      [\(good), {"known_id": 7, "subject": "Rome", "attribute": "Italy", "template": "{} is in",
      "prediction": " Italy, and", "prompt": "Rome is in", "relation_id": "P30"},
      {"id": "t", "input_ids": [5, 6, 7], "subject_range": [0, 2], "answer_id": 3, "top5": [[1, 2]]}]
      """)
    #expect(read.map(\.id) == ["0", "7", "t"])
    #expect(read.map(\.example.label) == [.text("France"), .text("Italy"), .index(3)])
    #expect(read[2].example.base.content == .tokens([5, 6, 7]))
    #expect(read[2].subject == .tokens(0..<2) && read[2].example.foil == nil)
  }

  @Test func `a list may lie inside an object, alone or called facts`() throws {
    #expect(try facts(#"{"model": "m", "top": [1, 2], "list": [\#(good)]}"#).count == 1)
    #expect(try facts(#"{"other": [{}], "facts": [\#(good)]}"#).count == 1)
    expectRefusal(naming: "facts.json", "\"a\", \"b\"") { () throws(Refusal) in
      try facts(#"{"a": [{}], "b": [{}]}"#)
    }
    expectRefusal(naming: "no list of facts") { () throws(Refusal) in try facts(#"{"a": 1}"#) }
    expectRefusal(naming: "facts.json", "a list of facts") { () throws(Refusal) in
      try facts("3")
    }
  }

  @Test(arguments: [
    (#"{"prompt":"Paris is in","answer":"x"}"#, ["[0]", "no subject", "subject_range"]),
    (#"{"subject":"Paris"}"#, ["[0]", "no prompt", "CounterFact"]),
    (#"{}"#, ["no prompt, no subject"]),
    (#"{"prompt":"Paris is in","subject":"Rome","answer":"x"}"#, ["[0].subject", "Rome"]),
    (#"{"prompt":"","subject":"Paris","answer":"x"}"#, ["[0].prompt", "empty"]),
    (#"{"prompt":"P is","subject":"P","answer":" "}"#, ["[0].answer", "empty"]),
    (#"{"prompt":3,"subject":"P","answer":"x"}"#, ["[0].prompt", "the number 3"]),
    (#"{"prompt":"P is","subject":"P","answer":null}"#, ["[0].answer", "null"]),
    (#"{"prompt":"P is","subject":"P","answer":"x","foil":"x"}"#, ["[0].foil", "another"]),
    (#"{"prompt":"P is","subject":"P","foil":"x"}"#, ["[0].foil", "without an answer"]),
    (#"{"prompt":"P is","subject":"P","answer":"x","id":1.5}"#, ["[0].id", "1.5"]),
    (#"{"input_ids":[1],"answer_id":2}"#, ["no subject_range", "together"]),
    (#"{"input_ids":[],"subject_range":[0,1],"answer_id":2}"#, ["[0].input_ids", "no tokens"]),
    (#"{"input_ids":[-1],"subject_range":[0,1],"answer_id":2}"#, ["[0].input_ids[0]", "-1"]),
    (
      #"{"input_ids":[1],"subject_range":[0,2],"answer_id":2}"#,
      ["subject_range", "[0, 2]", "1 tok"]
    ),
    (#"{"input_ids":[1],"subject_range":[1,1],"answer_id":2}"#, ["subject_range"]),
    (#"{"input_ids":[1],"subject_range":[0],"answer_id":2}"#, ["subject_range"]),
    (#"{"input_ids":[1],"subject_range":[0,1],"answer_id":2,"foil_id":2}"#, ["foil_id"]),
    ("3", ["[0]", "the number 3", "a table"]),
  ])
  func `a bad fact is refused by file, item and field`(fact: String, naming: [String]) throws {
    let error = try jobRefusal { () throws(Refusal) in try facts("[\(fact)]") }
    #expect(error.kind == .job && error.file == "facts.json")
    for text in naming { #expect(error.description.contains(text), "\(error)") }
  }

  @Test func `JSON lines are refused by their line`() throws {
    let file = "facts.jsonl"
    #expect(try facts("\(good)\r\n\n  \n\(good.dropLast()),\"id\":9}\n", file: file).count == 2)
    expectRefusal(naming: "facts.jsonl", "line 3", "column 1") { () throws(Refusal) in
      try facts("\(good)\n\nnonsense\n", file: file)
    }
    expectRefusal(naming: "prompt, line 2", "empty") { () throws(Refusal) in
      try facts("\(good)\n" + #"{"prompt":"","subject":"P","answer":"x"}"#, file: file)
    }
    expectRefusal(naming: "carriage return") { () throws(Refusal) in
      try facts("\(good)\r\(good)\r", file: file)
    }
    expectRefusal(naming: "line 2", "a line of", "the limit") { () throws(Refusal) in
      try facts("\(good)\n" + String(repeating: " ", count: DataFile.lineLimit + 1), file: file)
    }
    expectRefusal(naming: "line 2", "the id \"a\"", "line 1") { () throws(Refusal) in
      let fact = good.dropLast() + ",\"id\":\"a\"}"
      return try facts("\(fact)\n\(fact)\n", file: file)
    }
  }

  @Test func `a file without facts, or of a gigabyte, or none is refused`() throws {
    for text in ["[]", #"{"facts": []}"#] {
      expectRefusal(naming: "no facts, so no units") { () throws(Refusal) in try facts(text) }
    }
    expectRefusal(naming: "no facts") { () throws(Refusal) in try facts("\n", file: "f.jsonl") }
    expectRefusal(naming: "facts.json", "empty") { () throws(Refusal) in try facts("") }
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("huge.jsonl").path
      try Data().write(to: URL(fileURLWithPath: path))
      #expect(truncate(path, 1 << 30 + 1) == 0)
      expectRefusal(naming: "huge.jsonl", "1073741825 bytes") { () throws(Refusal) in
        try PromptForm.fact.load(path)
      }
      expectRefusal(naming: "none.json", "No such file") { () throws(Refusal) in
        try PromptForm.fact.load(folder.appendingPathComponent("none.json").path)
      }
    }
  }

  @Test func `facts inside a job are refused by their path in it`() throws {
    let item = "[[data.items]]\nprompt = \"P is\"\nsubject = \"Q\"\nanswer = \"x\""
    expectRefusal(naming: "job.toml", "data.items[0].subject, line 8") { () throws(Refusal) in
      try spec(job(item, data: ""))
    }
    expectRefusal(naming: "items beside facts") { () throws(Refusal) in try spec(job(item)) }
    expectRefusal(naming: "data.items", "no facts") { () throws(Refusal) in
      try spec(job(data: "items = []"))
    }
  }

  @Test func `facts are chosen by id and cut to the limit`() throws {
    let list = try facts(
      "[\(["b", "a", "c"].map { good.dropLast() + ",\"id\":\"\($0)\"}" }.joined(separator: ","))]")
    func chosen(_ fields: String) throws(Refusal) -> [String] {
      try spec(job(data: "facts = \"f.json\"\n\(fields)")).data.facts.select(list).map(\.id)
    }
    #expect(try chosen("") == ["b", "a", "c"])
    #expect(try chosen("ids = [\"c\", \"b\"]") == ["b", "c"])
    #expect(try chosen("ids = [\"c\", \"b\"]\nlimit = 1") == ["b"])
    expectRefusal(naming: "data.ids, line 6", "\"x\"", "3 facts in facts.json") {
      () throws(Refusal) in
      try chosen("ids = [\"x\"]")
    }
    for fields in [
      "ids = []", "ids = [1.5]", "ids = [\"a\", \"a\"]", "limit = 0", "filter = \"corect\"",
      "minimum_probability = 1.5", "minimum_probability = nan",
    ] {
      expectRefusal(naming: "data.") { () throws(Refusal) in try chosen(fields) }
    }
  }

  @Test func `the filter keeps what the model knows, and the least probability cuts either`() throws
  {
    func data(_ fields: String) throws(Refusal) -> DataSection {
      try spec(job(data: "facts = \"f.json\"\n\(fields)")).data
    }
    #expect(try data("").keeps(answerIsTop: true, probability: 0.01))
    #expect(try !data("").keeps(answerIsTop: false, probability: 0.4))
    #expect(try data("filter = \"none\"").keeps(answerIsTop: false, probability: 0))
    let least = try data("filter = \"none\"\nminimum_probability = 0.5")
    #expect(least.keeps(answerIsTop: false, probability: 0.5))
    #expect(!least.keeps(answerIsTop: true, probability: 0.49))
  }

  /// Splits one prompt the way it was recorded, and puts one answer after it.
  private struct Recorded: PromptTokenizer {
    let tokens: [String]
    let answer: String

    var count: Int { tokens.count + 1 }

    func encodeWithOffsets(_ text: String) -> [(id: Int, utf8Range: Range<Int>)] {
      var end = 0
      let parts = text == tokens.joined() ? tokens : tokens + [answer]
      return parts.enumerated().map { id, token in
        defer { end += token.utf8.count }
        return (id, end..<end + token.utf8.count)
      }
    }

    func token(_ id: Int) -> String? { (tokens + [answer])[id] }
  }

  @Test(.enabled(if: SharedMaterial.isPresent))
  func `the shared facts are read, and their subjects found at the recorded tokens`() throws {
    let root = try #require(SharedMaterial.root)
    let path = root.appendingPathComponent("data/known_facts_smollm2.json").path
    let file = try PromptForm.fact.load(path)
    #expect(file.prompts.count == 239)
    let first = try #require(file.prompts.first)
    #expect(first.id == "6" && first.subject == .tokens(0..<3))
    let items = try JSONField.load(path, kind: .job)["facts"].items()
    var compared = 0
    for (item, fact) in zip(items, file.prompts) {
      let tokens = try item["tokens"].items().map { try $0.string() }
      let prompt = try item["prompt"].string()
      guard tokens.joined() == prompt else { continue }  // a token of part of a character
      let text = JobValue.fields([
        "prompt": .text(prompt), "subject": .text(try item["subject"].string()),
        "answer": .text(try item["attribute"].string()),
      ])
      let again = try PromptForm.fact.read(JobField(text, at: JobPlace(file: path)), number: 0)
      let recorded = Recorded(tokens: tokens, answer: try item["answer"].string())
      let resolved = try resolver(recorded).resolve(again)
      #expect(
        resolved.subject.map { WrittenPrompt.Subject.tokens($0) } == fact.subject, "\(prompt)")
      #expect(recorded.token(resolved.answer) == recorded.answer)
      compared += 1
    }
    #expect(compared > 220)
  }
}
