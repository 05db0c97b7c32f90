import Cluster
import Foundation
import Inputs
import JobFiles
import Locks
import ResultsStore
import Testing
import _TestSupport

@testable import Experiments

/// Prompts of sweeps whose answers are several tokens, or that have none.
struct SweepAnswerTests {
  private static let prompts = ["w3 w17 w5 w22 w9", "w8 w2 w30 w11 w4 w6", "w1 w28 w19"]

  private static let metric = "[metric]\nstore = [\"log_probability\", \"kl\"]\nbootstrap = 0"

  /// A job over a small model of words.
  ///
  /// - Parameter answers: An empty one is left out.
  private func folder(
    kind: String = "ablate", _ fields: String = "", answers: [String], metric: String = metric
  ) throws -> TinyRun {
    let run = try TinyRun()
    try run.writeWordTokenizer()
    let items = zip(Self.prompts, answers).map { prompt, answer in
      let pair = kind == "patch" ? ", \"corrupted\": \"w31 \(prompt.dropFirst(3))\"" : ""
      return "{\"prompt\": \"\(prompt)\"\(pair)"
        + (answer.isEmpty ? "}" : ", \"answer\": \"\(answer)\"}")
    }
    let data = kind == "patch" ? "pairs" : "prompts"
    let job = """
      kind = "\(kind)"
      [model]
      path = "model"
      [data]
      \(data) = "prompts.json"
      \(fields)
      [[\(kind)]]
      name = "mlp"
      site = "mlp_output"
      \(kind == "patch" ? "positions = \"last\"" : "")
      \(metric)
      """
    for (name, text) in [
      ("job.toml", job), ("prompts.json", "[\(items.joined(separator: ","))]"),
    ] {
      try Data(text.utf8).write(to: URL(fileURLWithPath: "\(run.root)/\(name)"))
    }
    return run
  }

  private func finish<Own: SweepKind>(
    _ run: TinyRun, _: Own.Type
  ) throws -> RunView<SweepTable<Own.Sweep>> {
    var options = RunOptions(output: run.path)
    options.threads = 1
    let engine = RunEngine<Own>(
      RunLaunch(
        try MPIEnvironment(environment: [:]), options, observer: Silent(), stop: StopSignal()))
    guard
      case .finished(_, failed: 0) = try engine.run({ () throws(Refusal) in
        try Own.Sweep(JobDocument(reading: run.root + "/job.toml"))
      })
    else {
      Issue.record("the run is not finished")
      throw Stopped()
    }
    var verify = VerifyOptions()
    verify.recompute = 1
    #expect(try RunVerifier<Own>.verify(run.path, verify).faults.isEmpty)
    return try RunView(Own.self, run.path)
  }

  private struct Silent: RunObserver {
    func begin(_ phase: String, of unit: String, total: Int, done: Int) {}
    func advance(done: Int, failed: Int) {}
    func advance(step: Int, of steps: Int, name: String) {}
    func end() {}
    func note(_ text: String) {}
  }

  private func ablate(_ run: TinyRun) throws(Refusal) -> AblateKind {
    try AblateKind(AblateSpec(JobDocument(reading: run.root + "/job.toml")))
  }

  @Test func `a prompt of a long answer is left out and counted, one without takes the top token`()
    throws
  {
    let run = try folder(answers: ["w7", "w12 w13", ""])
    let kind = try ablate(run)
    let lines = [
      "1 of 3 prompts skipped: answers or foils of several tokens, first at ",
      "1 of 2 prompts have no answer in the data: the clean run's most probable token is taken",
    ]
    let said = try kind.lines(limit: 10)
    #expect(said.contains(lines[0] + "[1]") && said.contains(lines[1]), "\(said)")
    #expect(said[1].hasSuffix("-> the clean run's most probable token"), "\(said)")
    #expect(kind.cost.entries.contains { $0.text == "2; " + lines[0] + "[1]" })

    let view = try finish(run, AblateKind.self)
    #expect(view.table.outline.prompts.map(\.id) == ["0", "2"])
    let status = try RunStatus(AblateKind.self, run.path)
    let told = status.lines(limit: 100)
    #expect(told.contains(lines[0] + "prompt 1") && told.contains(lines[1]), "\(told)")
    #expect(status.json.contains("\"skipped\"") && status.json.contains("2 tokens"))

    // A figure of the prompt that is left out says why; and a top token may have no text.
    var options = ShowOptions()
    options.fact = "1"
    expectRefusal(naming: "prompt 1", "skipped: the answer", "2 tokens", kind: .store) {
      () throws(Refusal) in
      try view.sweepPictures(options)
    }
    let end = 4 * RowMetrics.count
    let bare = try view.table.result([UInt8](repeating: 0, count: end + 4), of: 1)
    guard case .baseline(_, let empty) = bare, empty == TopToken(id: 0, text: "") else {
      Issue.record("\(bare)")
      return
    }
    for count in [end, end + 3] {
      expectRefusal(naming: "\(count) bytes", kind: .store) { () throws(Refusal) in
        try view.table.result([UInt8](repeating: 0, count: count), of: 1)
      }
    }

    let top = try #require(view.table.top(1, view.results))
    let store = try ZarrStore.open(run.path + "/results.zarr")
    func ids() throws -> [Int32] {
      try (0..<2).map {
        try #require(try store.array("answer_id").readChunk([$0], as: Int32.self))[0]
      }
    }
    #expect(try ids() == [7, Int32(top.id)] && top.text == "w\(top.id)")

    // The same as with the token written out, and the other prompt away.
    let other = try finish(
      folder("ids = [0, 2]", answers: ["w7", "w12", "w\(top.id)"]), AblateKind.self)
    for prompt in 0..<2 {
      func metrics(_ view: RunView<SweepTable<AblateSpec>>) -> [[UInt32]?]? {
        view.table.cells(0, prompt: prompt, condition: 0, knownBy: view.results)?.rows.map {
          // The difference of logits is not a number without a foil.
          $0?.values.dropFirst().map(\.bitPattern)
        }
      }
      #expect(metrics(view) != nil && metrics(view) == metrics(other))
    }
  }

  @Test func `pairs without answers are patched`() throws {
    let view = try finish(
      folder(kind: "patch", answers: ["", "w12", ""]), PatchKind.self)
    #expect(view.table.outline.prompts.map(\.takesTop) == [true, false, true])
    #expect(view.table.top(0, view.results) != nil && view.table.top(1, view.results) == nil)
    let run = try folder(kind: "patch", answers: ["", "", ""], metric: "")
    expectRefusal(naming: "[0]", "no answer, and so no foil") { () throws(Refusal) in
      try PatchKind(PatchSpec(JobDocument(reading: run.root + "/job.toml")))
    }
  }

  @Test func `the first token stands for the answer where that is asked for`() throws {
    let kind = try ablate(folder("answer = \"first_token\"", answers: ["w7", "w12 w13", "w33"]))
    #expect(kind.data.outline.prompts.map(\.answerID) == [7, 12, 33])
    let note = "1 of 3 prompts have answers of several tokens: the first stands for them, first at "
    #expect(kind.data.notes == [note + "[1].answer"])
  }

  @Test func `a prompt that is left out is still a text of the means and the permutation`() throws {
    func means(_ fields: String, _ answers: [String]) throws -> [UInt32]? {
      let run = try folder(fields, answers: answers)
      let path = URL(fileURLWithPath: run.root + "/job.toml")
      let text = try String(contentsOf: path, encoding: .utf8)
      try Data(("ablations = [\"mean\"]\n" + text).utf8).write(to: path)
      let view = try finish(run, AblateKind.self)
      return view.table.cells(0, prompt: 0, condition: 0, knownBy: view.results)?.rows
        .compactMap { $0?.logProbability.bitPattern }
    }
    let all = try means("", ["w7", "w12", "w33"])
    #expect(try all?.isEmpty == false && means("", ["w7", "w12 w13", "w33"]) == all)
    #expect(try means("ids = [0, 2]", ["w7", "w12", "w33"]) != all)
  }

  @Test func `what a run counts of undefined recoveries comes before what it has noted`() throws {
    let run = try folder(
      kind: "patch", answers: ["", "w12 w13", ""],
      metric: "[metric]\nstore = [\"log_probability\"]\nbootstrap = 0")
    let view = try finish(run, PatchKind.self)
    let runs = try #require(view.table.baseline(0, view.results))
    var same = Results<SweepResult>(count: view.table.unitCount)
    same.take(view.table.firstPrompt, .baseline([runs[0], runs[0]], TopToken(id: 0, text: "")))
    let lines = view.table.progress(same).lines
    #expect(lines.count == 3 && lines[0].hasPrefix("recovery is undefined"), "\(lines)")
  }

  @Test func `a job all of whose prompts would be skipped is refused, and teacher forcing is`()
    throws
  {
    let long = try folder(answers: ["w7 w8", "w12 w13", "w33 w1"])
    expectRefusal(naming: "[0]", "2 tokens", "all 3 prompts", "first_token") {
      () throws(Refusal) in
      try ablate(long)
    }
    let forced = try folder("answer = \"all_tokens\"", answers: ["w7", "w8", "w9"])
    expectRefusal(naming: "data.answer", "one_token, first_token") { () throws(Refusal) in
      try ablate(forced)
    }
  }
}
