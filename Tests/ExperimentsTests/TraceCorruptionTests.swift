import Autodiff
import Figures
import Foundation
import Inputs
import JobFiles
import Models
import Tensors
import Testing
import _TestSupport

@testable import Experiments

/// Corrupted runs without noise, against forward passes by hand.
struct TraceCorruptionTests {
  /// Differing within the subject, before it, and behind it.
  private static let counterfactuals = [[3, 17, 31, 22, 9], [8, 7, 30, 13, 4, 6], [1, 27, 19]]

  private static func text(_ corrupt: String, _ more: String = "") -> String {
    """
    filter = "none"
    [corrupt]
    \(corrupt)
    [[restore]]
    site = "block_output"
    [[restore]]
    site = "attention_output"
    window = 2
    \(more)
    """
  }

  /// A run whose facts have other prompts beside them.
  private func run(_ corrupt: String, _ more: String = "") throws -> TinyRun {
    let run = try TinyRun(job: Self.text(corrupt, more))
    let facts = zip(TinyRun.facts, Self.counterfactuals).enumerated().map { number, pair in
      """
      {"id": "f\(number)", "input_ids": \(pair.0.ids), "answer_id": \(pair.0.answer),
       "subject_range": [\(pair.0.subject.lowerBound), \(pair.0.subject.upperBound)],
       "counterfactual_ids": \(pair.1)}
      """
    }
    try Data("[\(facts.joined(separator: ","))]".utf8)
      .write(to: URL(fileURLWithPath: run.root + "/facts.json"))
    try run.run()
    return run
  }

  /// The probability of a token after a run from these embeddings, `[tokens, width]`.
  private func probability(
    _ embeddings: Tensor<Float>, _ model: DecoderModel<Float>, of answer: Int
  ) -> Float {
    let run = Run<Float>(Batch(lengths: [embeddings.rows])) { _, _, value in value }
    let stream = model.blocks(
      0..<model.shape.layers, model.stream(of: Variable(embeddings), in: run), in: run)
    let last = stream.value.rows(embeddings.rows - 1..<embeddings.rows)
    let logits = model.logits(Variable(last), on: Tape()).value.elements
    let most = logits.max() ?? 0
    let total = logits.reduce(0.0) { $0 + Foundation.exp(Double($1 - most)) }
    return Float(Foundation.exp(Double(logits[answer] - most)) / total)
  }

  @Test(arguments: ["counterfactual", "zero", "mean"])
  func `the corrupted run is the forward pass of what stands in place of the subject`(
    way: String
  ) throws {
    let run = try run("by = \"\(way)\"")
    let view = try run.view()
    #expect(view.table.grid.samples == 1)
    let found = try #require(try view.floats("corrupted_probability"))
    let clean = try #require(try view.floats("clean_probability"))
    let model = try PublishedModel(run.root + "/model").load()
    func rows(_ ids: [Int]) -> Tensor<Float> { model.tokenEmbeddings(ids, on: Tape()).value }
    let all = rows(Array(0..<40))
    let mean = (0..<all.width).map { column in
      Float((0..<40).reduce(0.0) { $0 + Double(all[$1, column]) } / 40)
    }
    for (number, fact) in TinyRun.facts.enumerated() {
      let embeddings: Tensor<Float>
      if way == "counterfactual" {
        embeddings = rows(Self.counterfactuals[number])
      } else {
        var values = rows(fact.ids).elements
        for position in fact.subject {
          for column in 0..<all.width {
            values[position * all.width + column] = way == "zero" ? 0 : mean[column]
          }
        }
        embeddings = Tensor([fact.ids.count, all.width], values)
      }
      let expected = probability(embeddings, model, of: fact.answer)
      #expect(abs(found[number] - expected) <= 1e-5 * expected + 1e-8)
      #expect(abs(found[number] - clean[number]) > 1e-5 * clean[number])
    }
  }

  @Test(arguments: ["counterfactual", "zero", "mean"])
  func `cells are the same bits one by one, and restoring all of a prompt's end restores it`(
    way: String
  ) throws {
    let shared = try run("by = \"\(way)\"").view()
    let naive = try run("by = \"\(way)\"", "[run]\nnaive = true").view()
    for fact in TinyRun.facts.indices {
      for site in 0..<2 {
        let cells = try shared.floats("probability", at: [fact, site])
        #expect(cells != nil)
        #expect(
          try cells?.map(\.bitPattern)
            == naive.floats("probability", at: [fact, site])?.map(\.bitPattern))
      }
      let clean = try #require(try shared.floats("clean_probability"))[fact]
      let cells = try #require(try shared.floats("probability", at: [fact, 0]))
      let length = TinyRun.facts[fact].ids.count
      // Of the last block only the last position counts: there the clean state is the clean run.
      #expect(abs(cells[2 * shared.table.grid.longest + length - 1] - clean) <= 1e-6)
    }
  }

  @Test
  func `other prompts are in the store, and restore before the subject where they differ there`()
    throws
  {
    let view = try run("by = \"counterfactual\"").view()
    #expect(view.table.grid.corruptedFrom == [2, 1, 1])
    let group = view.table.groups[0]
    let place = try #require(group.quantities.firstIndex { $0.name == "corrupted_token_id" })
    guard case .integers(let ids)? = try view.values(0)[place] else {
      Issue.record("no tokens of corrupted runs")
      return
    }
    #expect(ids.prefix(6) == [3, 17, 31, 22, 9, -1])
    let averages = try TraceFigures(view, ShowOptions()).averageMaps()
    #expect(averages?[0].rows.contains { $0.token.hasPrefix("Before the subject") } == true)
  }

  @Test func `what a corruption has no use for is refused, and what it needs`() throws {
    for (corrupt, texts) in [
      ("by = \"zero\"\nsamples = 3", ["corrupt.samples", "by = \"noise\""]),
      ("by = \"mean\"\nseed = 3", ["corrupt.seed", "by = \"noise\""]),
      ("by = \"zero\"\nof = \"embeddings\"", ["corrupt.of", "by = \"noise\""]),
      ("by = \"counterfactual\"\nnoise = 3.0", ["corrupt.noise", "by = \"noise\""]),
      ("by = \"means\"", ["corrupt.by", "mean"]),
    ] {
      expectRefusal(naming: texts[0], texts[1]) { () throws(Refusal) in
        try spec(job("[corrupt]\n" + corrupt))
      }
    }
    expectRefusal(naming: "corrupt.by", "parity") { () throws(Refusal) in
      try spec("parity = \"rome\"\n" + job("[corrupt]\nby = \"zero\""))
    }
    let digest = try spec(job()).digest
    #expect(try spec(job("[corrupt]\nby = \"noise\"")).digest == digest)
    #expect(try spec(job("[corrupt]\nby = \"mean\"")).digest != digest)
    #expect(
      try spec(job("[corrupt]\nby = \"mean\"")).corrupt.way == .mean(of: .embeddings))
  }

  @Test(arguments: [
    ("", "no counterfactual"), (", \"counterfactual_ids\": [3, 17, 31, 22]", "4 tokens"),
    (", \"counterfactual_ids\": [3, 17, 5, 22, 9]", "the fact's own prompt"),
    (", \"counterfactual_ids\": [3, 17, 5, 22, 40]", "token 40"),
  ])
  func `a fact without a fitting counterfactual is refused`(more: String, found: String) throws {
    let run = try TinyRun(job: Self.text("by = \"counterfactual\""))
    try Data(
      "[{\"input_ids\": [3, 17, 5, 22, 9], \"subject_range\": [1, 3], \"answer_id\": 7\(more)}]"
        .utf8
    ).write(to: URL(fileURLWithPath: run.root + "/facts.json"))
    expectRefusal(naming: found, "counterfactual") { () throws(Refusal) in
      try TraceJob(TraceSpec(JobDocument(reading: run.root + "/job.toml")))
    }
  }

  @Test func `averages say over how many facts they are, and which roles fall together`() throws {
    let run = try TinyRun()
    try run.run()
    let view = try run.view()
    #expect(
      try TraceFigures(view, ShowOptions()).averageNotes() == [
        "facts of each role: first subject token 3, middle subject tokens 1, last subject token 3, "
          + "first subsequent token 3, last token 3",
        "facts of each role: first subject token 3, middle subject tokens 1, last subject token 3, "
          + "first subsequent token 1, last token 3",
        "in 1 of them the first subject token is also the last subject token",
        "in 1 of them the first subsequent token is also the last token",
      ])
    let place = try #require(view.table.groups[0].quantities.firstIndex { $0.name == "token_role" })
    guard case .texts(let roles)? = try view.values(0)[place] else {
      Issue.record("no roles")
      return
    }
    #expect(roles.suffix(6) == ["subject_first subject_last", "first_after", "last", "", "", ""])
  }
}
