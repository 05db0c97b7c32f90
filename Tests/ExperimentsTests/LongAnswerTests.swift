import CausalModels
import Foundation
import Inputs
import JobFiles
import ResultsStore
import Testing

@testable import Experiments

/// Facts whose answers are several tokens of the model.
struct LongAnswerTests {
  private static let answers = ["w7", "w12 w13", "w33"]

  /// A run of texts: a word a token.
  private func tinyRun(_ fields: String = "", answers: [String] = LongAnswerTests.answers) throws
    -> TinyRun
  {
    let run = try TinyRun(job: fields + "\n" + TinyRun.job())
    let words = ["\"?\": 0"] + (1..<40).map { "\"w\($0)\": \($0)" }
    let tokenizer = """
      {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null,
       "pre_tokenizer": {"type": "WhitespaceSplit"}, "post_processor": null, "decoder": null,
       "model": {"type": "WordLevel", "unk_token": "?", "vocab": {\(words.joined(separator: ", "))}}}
      """
    func text(_ ids: some Sequence<Int>) -> String { ids.map { "w\($0)" }.joined(separator: " ") }
    let facts = zip(TinyRun.facts, answers).enumerated().map { number, fact in
      """
      {"id": "f\(number)", "prompt": "\(text(fact.0.ids))",
       "subject": "\(text(fact.0.ids[fact.0.subject]))", "answer": "\(fact.1)"}
      """
    }
    for (name, text) in [
      ("model/tokenizer.json", tokenizer), ("facts.json", "[\(facts.joined(separator: ","))]"),
    ] {
      try Data(text.utf8).write(to: URL(fileURLWithPath: "\(run.root)/\(name)"))
    }
    return run
  }

  private func kind(_ run: TinyRun) throws(Refusal) -> TraceKind {
    try TraceKind(TraceSpec(JobDocument(reading: run.root + "/job.toml")))
  }

  private static let line = "1 of 3 facts skipped: answers of several tokens, first at "

  @Test func `such a fact is skipped with its reason, and the others are traced`() throws {
    let run = try tinyRun()
    let kind = try kind(run)
    let said = try kind.lines(limit: 10)
    #expect(said.contains(Self.line + "[1]"), "\(said)")
    #expect(said[1].contains("skipped: the answer \" w12 w13\", which is 2 tokens"), "\(said[1])")
    #expect(kind.cost.entries.contains { $0.text == "3; " + Self.line + "[1]" })

    guard case .finished(let summary, failed: 0) = try run.run() else {
      Issue.record("the run is not finished")
      return
    }
    #expect(summary.hasSuffix("facts 2 of 3 done, 0 left, 1 skipped, 0 failed"), "\(summary)")
    let status = try run.status()
    #expect(status.lines.contains(Self.line + "fact f1"), "\(status.lines)")
    #expect(try status.left == 0)
    let skipped = try status.json["facts"]["skipped"].items()
    #expect(try skipped.count == 1 && skipped[0]["reason"].string().contains("2 tokens"))

    let view = try run.view()
    let statuses = view.table.facts.indices.map { view.table.status($0, view.results) }
    #expect(statuses == [.traced, .severalTokens, .traced])
    #expect(try run.verify().faults.isEmpty)
    try expectRefusal(naming: "fact f1", "2 tokens", kind: .store) { () throws(Refusal) in
      try run.figures().fact("f1")
    }
  }

  @Test func `what is traced is what it would be with other answers beside it`() throws {
    let (long, short) = (try tinyRun(), try tinyRun(answers: ["w7", "w12", "w33"]))
    for run in [long, short] { try run.run() }
    let (a, b) = (try long.view(), try short.view())
    for fact in [0, 2] {
      for restoration in 0..<2 {
        func floats(_ view: RunView<TraceTable>) -> [UInt32]? {
          view.table.cells(fact: fact, restoration: restoration, knownBy: view.results)?
            .floats(.probability).map(\.bitPattern)
        }
        #expect(floats(a) != nil && floats(a) == floats(b))
      }
    }
  }

  @Test func `the first token stands for the answer where that is asked for`() throws {
    let kind = try kind(tinyRun("answer = \"first_token\""))
    #expect(kind.job.facts.map(\.answer) == [7, 12, 33] && kind.job.skippedLine == nil)
  }

  @Test func `a job all of whose facts would be skipped is refused`() throws {
    let run = try tinyRun(answers: ["w7 w8", "w12 w13", "w33 w1"])
    try expectRefusal(naming: "[0]", "2 tokens", "all 3 facts", "first_token") {
      () throws(Refusal) in
      try kind(run)
    }
    try expectRefusal(naming: "data.answer", "one_token, first_token") { () throws(Refusal) in
      try kind(tinyRun("answer = \"many\""))
    }
  }

  @Test func `a foil that begins as a long answer does is skipped with it`() throws {
    let tokenizer = WordTokenizer(words: ["Q", " is", " New", " York", " Zealand"])
    let fact = try written(
      #"[{"prompt": "Q is", "subject": "Q", "answer": "New York", "foil": "New Zealand"}]"#, .fact)
    for long in DataSection.LongAnswers.allCases {
      let resolved = try resolver(tokenizer).resolve(fact[0], long: long)
      #expect(resolved.skipped?.contains("2 tokens") == true && resolved.answer == 258)
    }
  }
}
