import CausalModels
import Checkpoints
import Foundation
import Inputs
import JobFiles
import ResultsStore
import Tensors
import Testing
import _TestSupport

@testable import Experiments
@testable import Prompts

/// Facts whose answers are several tokens of the model.
struct LongAnswerTests {
  private static let answers = ["w7", "w12 w13", "w33"]

  /// A run of texts: a word a token.
  ///
  /// - Parameter answers: An empty one is left out.
  private func tinyRun(
    _ fields: String = "", answers: [String] = LongAnswerTests.answers, job: String = TinyRun.job(),
    facts: [TinyRun.Fact] = TinyRun.facts
  ) throws -> TinyRun {
    let run = try TinyRun(job: fields + "\n" + job)
    try run.writeWordTokenizer()
    func text(_ ids: some Sequence<Int>) -> String { ids.map { "w\($0)" }.joined(separator: " ") }
    let facts = zip(facts, answers).enumerated().map { number, fact in
      """
      {"id": "f\(number)", "prompt": "\(text(fact.0.ids))",
       "subject": "\(text(fact.0.ids[fact.0.subject]))"\(
         fact.1.isEmpty ? "" : ", \"answer\": \"\(fact.1)\"")}
      """
    }
    try Data("[\(facts.joined(separator: ","))]".utf8)
      .write(to: URL(fileURLWithPath: "\(run.root)/facts.json"))
    return run
  }

  private func kind(_ run: TinyRun) throws(Refusal) -> TraceKind {
    try TraceKind(TraceSpec(JobDocument(reading: run.root + "/job.toml")))
  }

  private static let line = "1 of 3 facts skipped: answers or foils of several tokens, first at "

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
    expectRefusal(naming: "fact f1", "2 tokens", kind: .store) { () throws(Refusal) in
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
    let line = "1 of 3 facts have answers of several tokens: the first stands for them, first at "
    #expect(kind.job.notes == [line + "[1].answer"])
  }

  @Test func `a skipped fact keeps its whole answer, and needs no noise and no positions`() throws {
    let job = """
      filter = "none"
      [corrupt]
      noise_file = "noise.safetensors"
      [[restore]]
      site = "block_output"
      positions = ["subject_first", "subject_middle"]
      """
    let run = try tinyRun(job: job)
    var writer = SafetensorsWriter()
    var random = SeededRandom(seed: 3)
    for (id, tokens) in [("f0", 2), ("f2", 1)] {
      let noise = Tensor<Float>.normal([2, tokens, 24], using: &random)
      writer.add("noise.\(id)", shape: noise.shape, noise.elements)
    }
    try writer.write(to: run.root + "/noise.safetensors")
    guard case .stopped = try run.run(stoppingAfter: 1) else {
      Issue.record("the run is not stopped")
      return
    }
    guard case .finished(let summary, failed: 0) = try run.run() else {
      Issue.record("the run is not finished")
      return
    }
    #expect(summary.hasSuffix("facts 2 of 3 done, 0 left, 1 skipped, 0 failed"), "\(summary)")
    #expect(try run.verify { $0.recompute = 1 }.faults.isEmpty)
    let fact = try run.view().table.facts[1]
    #expect(fact.answer.hasSuffix("w12 w13") && fact.answerID == -1)
    let ids = try #require(try run.array("answer_id").readChunk([0], as: Int32.self))
    #expect(ids == [7, -1, 33])

    // A place that only the skipped fact has makes no units, and one that it alone lacks is none's fault.
    func placed(_ positions: String, _ answers: [String]) throws -> TinyRun {
      try tinyRun(
        answers: answers,
        job: TinyRun.job() + "\n[[restore]]\nsite = \"attention_output\"\npositions = \(positions)")
    }
    #expect(try kind(placed("[3]", ["w7", "w12", "w33 w1"])).table.plan.factCount == 3)
    let alone = try placed("[\"subject_middle\"]", Self.answers)
    expectRefusal(naming: "restore.attention_output.positions", "no fact") {
      () throws(Refusal) in
      try kind(alone)
    }
  }

  @Test func `an id beside a text is one token, or with all_tokens the text's first`() throws {
    let tokenizer = WordTokenizer(words: ["Q", " is", " New", " York", "N", "New"])
    func resolved(_ id: Int, _ long: LongAnswers) throws(Refusal) -> ResolvedPrompt {
      let fact = """
        [{"prompt": "Q is", "subject": "Q", "answer": "New York", "answer_id": \(id), "foil_id": 256}]
        """
      return try resolver(tokenizer).resolve(
        written(fact, .fact)[0], long: long, foilCounts: long != .allTokens)
    }
    for id in [258, 261] {
      #expect(try resolved(id, .allTokens).answers == [id, 259])
      for long in [LongAnswers.oneToken, .firstToken] {
        let own = try resolved(id, long)
        #expect(own.answers == [id] && own.skipped == nil && own.shortened == nil)
      }
    }
    expectRefusal(naming: "[0].answer_id", "answer = \"New York\"", "\"N\"", "first token") {
      () throws(Refusal) in
      try resolved(260, .allTokens)
    }
  }

  @Test func `of another prompt too all tokens of the answer are read`() throws {
    let run = try tinyRun(
      "answer = \"all_tokens\"",
      job: """
        filter = "none"
        [corrupt]
        by = "counterfactual"
        [[restore]]
        site = "block_output"
        """)
    let (one, other) = ("w3 w17 w5 w22 w9", "w3 w17 w31 w22 w9")
    let facts = [(one, other), (other, one)].map { prompt, other in
      """
      {"id": "\(prompt)", "prompt": "\(prompt)", "subject": "w17", "answer": "w12 w13", \
      "answer_id": 12, "counterfactual": "\(other)"}
      """
    }
    try Data("[\(facts.joined(separator: ","))]".utf8)
      .write(to: URL(fileURLWithPath: run.root + "/facts.json"))
    try run.run()
    #expect(try run.verify { $0.recompute = 1 }.faults.isEmpty)
    let view = try run.view()
    let baselines = try (0..<2).map { try #require(view.table.baseline($0, view.results)) }
    #expect(baselines[0].clean != baselines[1].clean && baselines.allSatisfy { $0.leading != nil })
    for (a, b) in [(0, 1), (1, 0)] {
      let (found, clean) = (baselines[a].corrupted[0], baselines[b].clean)
      #expect(abs(found.logProbability - clean.logProbability) <= 1e-4)
    }
  }

  @Test func `an answer that the clean run tells is named where it is improbable`() throws {
    let run = try tinyRun("minimum_probability = 1.0", answers: ["w7", "", ""])
    try run.run()
    let view = try run.view()
    let top = try #require(view.table.baseline(1, view.results)).top
    let lines = try run.status().lines.filter { $0.hasPrefix("skipped fact f1") }
    #expect(lines.count == 1 && lines[0].contains("w\(top)\" has p = "), "\(lines)")
  }

  @Test func `facts of CounterFact in the job itself are computed again alike`() throws {
    let run = try tinyRun()
    let path = URL(fileURLWithPath: run.root + "/job.toml")
    let text = try String(contentsOf: path, encoding: .utf8)
    let items =
      #"items = [{case_id = 1, requested_rewrite = {prompt = "w3 w17 {} w9", subject = "w3", "#
      + #"target_true = {str = "w7"}, target_new = {str = "w8"}}}]"#
    try Data(text.replacing("facts = \"facts.json\"", with: items).utf8).write(to: path)
    guard case .finished = try run.run() else {
      Issue.record("the run is not finished")
      return
    }
    let fact = try run.view().table.facts[0]
    #expect(fact.prompt == "w3 w17 w3 w9" && fact.subjectStart == 2 && fact.id == "1")
    #expect(try run.verify { $0.recompute = 1 }.faults.isEmpty)
  }

  /// A prompt of one-token answers, the same with the first answer behind it, and both answers at once.
  ///
  /// Under parity with ROME the noise is the same for all three, whose subjects have as many tokens.
  private static let forced = (
    facts: [
      TinyRun.Fact(ids: [3, 17, 5, 22, 9], subject: 1..<3, answer: 0),
      TinyRun.Fact(ids: [3, 17, 5, 22, 9, 12], subject: 1..<3, answer: 0),
      TinyRun.Fact(ids: [3, 17, 5, 22, 9, 12, 13], subject: 1..<3, answer: 0),
      TinyRun.Fact(ids: [3, 17, 5, 22, 9], subject: 1..<3, answer: 0),
    ], answers: ["w12", "w13", "w14", "w12 w13 w14"],
    job: """
    filter = "none"
    [corrupt]
    noise = 2.0
    samples = 2
    [[restore]]
    site = "block_output"
    [[restore]]
    site = "mlp_output"
    window = 2
    [[restore]]
    site = "attention_output"
    """
  )

  private func forcedRun(_ more: String = "") throws -> TinyRun {
    let run = try tinyRun(
      "answer = \"all_tokens\"", answers: Self.forced.answers, job: Self.forced.job + more,
      facts: Self.forced.facts)
    let path = URL(fileURLWithPath: run.root + "/job.toml")
    let text = try String(contentsOf: path, encoding: .utf8)
    try Data(("parity = \"rome\"\n" + text).utf8).write(to: path)
    return run
  }

  @Test func `the probability of several tokens is the product of each given those before it`()
    throws
  {
    let run = try forcedRun()
    try run.run()
    #expect(try run.verify { $0.recompute = 1 }.faults.isEmpty)
    let view = try run.view()
    let (table, results) = (view.table, view.results)
    #expect(table.grid.metrics == [.probability, .logProbability])
    let baselines = try (0..<4).map { try #require(table.baseline($0, results)) }
    func expectSum(_ parts: [TraceMetrics], _ whole: TraceMetrics, _ what: String) {
      let sum = parts.reduce(0) { $0 + $1.logProbability }
      #expect(abs(sum - whole.logProbability) <= 1e-5 * abs(sum), "\(what)")
      let product = parts.reduce(1) { $0 * $1.probability }
      #expect(abs(product - whole.probability) <= 1e-4 * product, "\(what)")
    }
    expectSum(baselines[..<3].map(\.clean), baselines[3].clean, "clean")
    for sample in 0..<2 {
      expectSum(
        baselines[..<3].map { $0.corrupted[sample] }, baselines[3].corrupted[sample], "corrupted")
    }
    #expect(baselines[0].clean != baselines[0].corrupted[0])
    // Every cell at the prompt's own positions; those behind it are the single answers' alone.
    var moved = 0
    for restoration in 0..<3 {
      let cells = try (0..<4).map {
        try #require(table.cells(fact: $0, restoration: restoration, knownBy: results)).values
      }
      for layer in 0..<3 {
        for position in 0..<5 {
          for sample in 0..<2 {
            let place = (layer * table.grid.longest + position) * 2 + sample
            let parts = try cells[..<3].map { try #require($0[place]) }
            let whole = try #require(cells[3][place])
            expectSum(parts, whole, "\(restoration), layer \(layer), position \(position)")
            moved += whole != baselines[3].corrupted[sample] ? 1 : 0
          }
        }
      }
    }
    #expect(moved > 40)
    let ids = try #require(try run.array("answer_ids").readChunk([0, 0], as: Int32.self))
    #expect(ids == [12, -1, -1, 13, -1, -1, 14, -1, -1, 12, 13, 14])
    #expect(table.facts[3].answer == "w12 w13 w14" || table.facts[3].answer == " w12 w13 w14")
  }

  @Test func `teacher forcing gives the same bits with the staircase and without`() throws {
    let (stairs, naive) = (try forcedRun(), try forcedRun("\n[run]\nnaive = true"))
    for run in [stairs, naive] { try run.run() }
    let (a, b) = (try stairs.view(), try naive.view())
    for fact in 0..<4 {
      for restoration in 0..<3 {
        func values(_ view: RunView<TraceTable>) -> [TraceMetrics?]? {
          view.table.cells(fact: fact, restoration: restoration, knownBy: view.results)?.values
        }
        #expect(values(a) != nil && values(a) == values(b))
      }
    }
  }

  @Test func `several tokens are right where each is the most probable one`() throws {
    let first = try tinyRun(answers: ["", "", ""])
    try first.run()
    let view = try first.view()
    let top = try #require(view.table.baseline(0, view.results)).top
    let run = try tinyRun(
      "answer = \"all_tokens\"", answers: ["w\(top) w1", "w\(top)", "w33"],
      job: TinyRun.job(filter: "correct"))
    let kind = try kind(run)
    #expect(try kind.lines(limit: 1)[0].contains("w\(top)|w1"))
    guard case .finished = try run.run() else {
      Issue.record("the run is not finished")
      return
    }
    let reasons = try run.status().lines.filter { $0.hasPrefix("skipped fact f0") }
    #expect(reasons.count == 1 && reasons[0].contains("first 1 of the 2 tokens"), "\(reasons)")
  }

  @Test func `a difference of logits has no meaning for several tokens`() throws {
    let run = try tinyRun(
      "answer = \"all_tokens\"",
      job: TinyRun.job() + "\n[metric]\nstore = [\"logit_difference\"]")
    expectRefusal(naming: "metric.store", "logit_difference", "all_tokens") {
      () throws(Refusal) in
      try kind(run)
    }
  }

  @Test func `without answers the clean run's most probable token is taken, and told`() throws {
    let run = try tinyRun(answers: ["w7", "", ""], job: TinyRun.job(filter: "correct"))
    let kind = try kind(run)
    let line =
      "2 of 3 facts have no answer in the data: the clean run's most probable token is taken"
    let said = try kind.lines(limit: 10)
    #expect(said.contains(line) && said[1].hasSuffix("-> the clean run's most probable token"))
    try run.run()
    #expect(try run.status().lines.contains(line))
    #expect(try run.verify { $0.recompute = 1 }.faults.isEmpty)
    let view = try run.view()
    let statuses = view.table.facts.indices.map { view.table.status($0, view.results) }
    #expect(statuses[1...] == [.traced, .traced])
    func integers(_ name: String) throws -> [Int32] {
      try #require(try run.array(name).readChunk([0], as: Int32.self))
    }
    let (ids, tops) = (try integers("answer_id"), try integers("top_id"))
    #expect(ids[0] == 7 && ids[1...] == tops[1...])
    #expect(try integers("foil_id")[1] != tops[1])
    let figures = try run.figures()
    let fact = try #require(try figures.fact("f1"))
    #expect(
      figures.title(of: fact).hasSuffix("w\(tops[1]) (the clean run's most probable token)"))

    // The same as with the answers written out.
    let told = try tinyRun(answers: ["w7", "w\(tops[1])", "w\(tops[2])"], job: TinyRun.job())
    try told.run()
    let other = try told.view()
    for fact in 1...2 {
      for restoration in 0..<2 {
        func values(_ view: RunView<TraceTable>) -> [TraceMetrics?]? {
          view.table.cells(fact: fact, restoration: restoration, knownBy: view.results)?.values
        }
        #expect(values(view) != nil && values(view) == values(other))
      }
    }
  }

  @Test func `a job all of whose facts would be skipped is refused`() throws {
    let run = try tinyRun(answers: ["w7 w8", "w12 w13", "w33 w1"])
    expectRefusal(naming: "[0]", "2 tokens", "all 3 facts", "first_token") {
      () throws(Refusal) in
      try kind(run)
    }
    let odd = try tinyRun("answer = \"many\"")
    expectRefusal(naming: "data.answer", "one_token, first_token, all_tokens") {
      () throws(Refusal) in
      try kind(odd)
    }
  }

  @Test func `a foil that begins as a long answer does is skipped with it`() throws {
    let tokenizer = WordTokenizer(words: ["Q", " is", " New", " York", " Zealand"])
    let fact = try written(
      #"[{"prompt": "Q is", "subject": "Q", "answer": "New York", "foil": "New Zealand"}]"#, .fact)
    for long in [LongAnswers.oneToken, .firstToken] {
      let resolved = try resolver(tokenizer).resolve(fact[0], long: long)
      #expect(resolved.skipped?.contains("2 tokens") == true && resolved.answer == 258)
    }
    let forced = try resolver(tokenizer).resolve(fact[0], long: .allTokens, foilCounts: false)
    #expect(forced.skipped == nil && forced.answers == [258, 259])
  }
}
