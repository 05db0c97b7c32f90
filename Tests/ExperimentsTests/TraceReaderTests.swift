import Figures
import Foundation
import Inputs
import JobFiles
import ResultsStore
import Testing
import _TestSupport

@testable import Experiments
@testable import Prompts

/// A finished run that no test changes.
private let finished: Result<TinyRun, any Error> = Result {
  let run = try TinyRun()
  try run.run()
  return run
}

struct TraceReaderTests {
  @Test func `a finished run is read without its model`() throws {
    let run = try TinyRun()
    #expect(try run.run() == TinyRun.finished(units: 9))
    try FileManager.default.removeItem(atPath: run.root + "/model")
    let reader = try run.reader()
    let table = reader.table
    #expect(table.facts.map(\.id) == ["f0", "f1", "f2"])
    #expect(table.facts[1].tokens == ["#8", "#2", "#30", "#11", "#4", "#6"])
    #expect(table.facts[1].roles == PromptRoles(tokenCount: 6, subject: 2..<5))
    #expect(table.grid.layerCount == 3 && table.grid.samples == 2)
    #expect(table.spec.model.path.resolved == run.root + "/model")
    #expect(Set(reader.inputs.keys) == ["model", "facts"])
    let status = try run.status()
    #expect(status.exitCode == 0)
    #expect(status.lines[0].hasSuffix(": finished"))
    #expect(status.lines.contains("facts   3 of 3 done, 0 left, 0 skipped, 0 failed"))
    #expect(status.lines.contains("units   9 of 9 done, 0 left, 0 failed"))
    #expect(status.lines.contains { $0.hasSuffix(": given back") })
    let ranks = try status.json["ranks"].items()
    #expect(try ranks.count == 1 && ranks[0]["units"].int() == 9)
    #expect(try status.coreHours == 0)
    for start in try status.json["starts"].items() { #expect(try start.optional("end") != nil) }
  }

  @Test func `the state of a stopped run is told in under a second, and it goes on`() throws {
    let run = try TinyRun()
    #expect(try run.run(stoppingAfter: 2) == .stopped)
    var told: TinyRun.Told?
    let seconds = try processorSeconds { told = try run.status() }
    let status = try #require(told)
    #expect(seconds < 1)
    #expect(status.exitCode == 75)
    let (done, left) = (try status.done, try status.left)
    #expect(done >= 5 && left > 0 && done + left == 9)
    #expect(try (status.coreHours ?? 0) > 0)
    #expect(status.lines.contains { $0.hasSuffix("given back") })
    #expect(try status.json["holder"]["life"].string() == "given back")
    #expect(try status.json["finished"].bool() == false)
    #expect(try run.run() == TinyRun.finished(units: 9))
    let ended = try run.status()
    #expect(try ended.exitCode == 0 && ended.json["starts"].items().count == 2)
  }

  @Test func `facts that the filter leaves out are told with the reason`() throws {
    let top = try topTokens()
    var facts = TinyRun.facts
    for fact in [0, 2] { facts[fact].answer = top[fact] }
    facts[1].answer = (top[1] + 1) % 40
    let run = try TinyRun(facts: facts, job: TinyRun.job(filter: "correct"))
    #expect(try run.run() == TinyRun.finished(units: 7, skipped: 1))
    let status = try run.status()
    #expect(status.exitCode == 0)
    let skipped = try status.json["facts"]["skipped"].items()
    #expect(try skipped.count == 1 && skipped[0]["fact"].string() == "f1")
    let reason = try skipped[0]["reason"].string()
    #expect(reason.hasPrefix("the most probable token is \(top[1]), not"))
    #expect(try run.verify().faults.isEmpty)
    expectRefusal(naming: "fact f1", "most probable token", kind: .store) {
      () throws(Refusal) in try run.figures().fact("f1")
    }
  }

  private func topTokens() throws -> [Int] {
    let run = try finished.get()
    return try #require(
      try run.array("top_id").readChunk([0], as: Int32.self)
    ).map { Int($0) }
  }

  @Test func `a folder that is no run's is refused, and one that has only begun is not`() throws {
    let run = try TinyRun()
    expectRefusal(naming: run.root, "not a run folder", kind: .store) {
      () throws(Refusal) in try RunStatus(TraceKind.self, run.root)
    }
    try run.run()
    try FileManager.default.removeItem(atPath: run.path + "/results.zarr")
    expectRefusal(naming: "results.zarr/zarr.json", "found nothing", kind: .store) {
      () throws(Refusal) in try run.status()
    }
    for file in run.files() where file.hasPrefix("journal/") {
      try FileManager.default.removeItem(atPath: "\(run.path)/\(file)")
    }
    let status = try run.status()
    #expect(status.exitCode == 75)
    #expect(status.lines[0].hasSuffix(": 0% done"))
    expectRefusal(naming: "no fact that is traced yet", kind: .store) {
      () throws(Refusal) in try KindCommands<TraceKind>.show(run.path, ShowOptions())
    }
  }
}

struct TraceFiguresTests {
  @Test func `a heat map has the mean over samples of each token and layer`() throws {
    let run = try finished.get()
    let figures = try run.figures()
    let maps = try figures.maps(of: 1)
    #expect(maps.count == 2)
    #expect(maps[0].rows.map(\.isSubject) == [false, false, true, true, true, false])
    #expect(maps[0].columns == ["0", "1", "2"])
    #expect(maps.map(\.colors) == [.purples, .greens])
    #expect(maps[0].title == "Impact of restoring state after corrupted input")
    #expect(maps[0].columnAxis == "single restored layer within model")
    #expect(maps[1].columnAxis == "center of interval of 2 restored MLP layers")
    #expect(maps[0].valueName == "p(#12)")
    let stored = try #require(
      try run.array("probability").readChunk([1, 0, 0, 0, 0], as: Float.self))
    let corrupted = try #require(try run.view().floats("corrupted_probability"))
    #expect(maps[0].baseline == Double(corrupted[2]) / 2 + Double(corrupted[3]) / 2)
    for position in 0..<6 {
      for layer in 0..<3 {
        let at = (layer * 6 + position) * 2
        let mean = (Double(stored[at]) + Double(stored[at + 1])) / 2
        #expect(maps[0].values[position][layer] == mean)
      }
    }
    // The second site was asked for at the subject and the last token alone.
    #expect(maps[1].values[0].allSatisfy(\.isNaN) && maps[1].values[1].allSatisfy(\.isNaN))
    #expect(maps[1].values[5].allSatisfy { !$0.isNaN })
    // Before the subject the corrupted run is clean: nothing can come back there.
    #expect(maps[0].values[0].allSatisfy { $0 == maps[0].baseline })
  }

  @Test func `averages have a line for each role, with standard errors`() throws {
    let figures = try finished.get().figures()
    let maps = try #require(try figures.averageMaps())
    #expect(maps.count == 2)
    #expect(maps[0].rows.first?.token == "First subject token")
    #expect(!maps[0].rows.contains { $0.token == "Before the subject" })
    let figure = try #require(try figures.averageFigure())
    guard case .lines(let plot) = figure.panels[0] else {
      Issue.record("no line plot")
      return
    }
    #expect(figure.title == "Average over 3 facts in model")
    let last = try #require(plot.series.first { $0.name == "Last token (n = 3)" })
    #expect(last.means.allSatisfy { !$0.isNaN } && last.lows.count == last.means.count)
    #expect(zip(last.lows, last.highs).allSatisfy { $0 <= $1 })
    let means = try #require(
      try finished.get().view().floats("summary/mean_probability"))
    #expect(last.means == (0..<3).map { Double(means[6 * 3 + $0]) })
  }

  @Test func `site, metric and fact are chosen by name, and a wrong one gets the nearest`() throws {
    let run = try finished.get()
    let figures = try run.figures { ($0.site, $0.metric) = ("mlp_output", "log_probability") }
    let maps = try figures.maps(of: try #require(try figures.fact("f2")))
    #expect(maps.count == 1 && maps[0].valueName == "log p(#33)")
    #expect(maps[0].values.joined().allSatisfy { $0 <= 0 || $0.isNaN })
    expectRefusal(naming: "--site", "(did you mean mlp_output?)", kind: .commandLine) {
      () throws(Refusal) in try run.figures { $0.site = "mlp_outputs" }
    }
    expectRefusal(naming: "--metric", "probability", kind: .commandLine) {
      () throws(Refusal) in try run.figures { $0.metric = "p" }
    }
    expectRefusal(naming: "--fact", "f0", kind: .commandLine) {
      () throws(Refusal) in try figures.fact("f9")
    }
  }

  @Test func `a run that was stopped shows what is there`() throws {
    let run = try TinyRun()
    try run.run(stoppingAfter: 2)
    let figures = try run.figures()
    #expect(try figures.averageMaps() == nil)
    let fact = try #require(try figures.fact(nil))
    let maps = try figures.maps(of: fact)
    #expect(maps.contains { $0.values.joined().contains { !$0.isNaN } })
    let lines = TerminalHeatMap(maps[0], on: Terminal(width: 80, ink: .shades)).lines
    #expect(lines.contains { $0.contains("baseline") && $0.contains("clean") })
    #expect(lines.count > maps[0].rows.count)
  }
}

struct TraceExportTests {
  @Test func `a table has a line for each cell and sample, and is not written over`() throws {
    let run = try finished.get()
    let file = run.root + "/table.csv"
    // 14 tokens and 8 of the subject or last, 3 layers, 2 samples; a subject's last can be both.
    let places = (14 + (3 + 4 + 2)) * 3
    func export(mean: Bool, force: Bool = true) throws(Refusal) -> [String] {
      var options = ExportOptions()
      (options.csv, options.mean, options.force) = (file, mean, force)
      return try KindCommands<TraceKind>.export(run.path, options)
    }
    #expect(try export(mean: false) == ["wrote \(places * 2) lines to \(file)"])
    let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
    #expect(
      lines[0]
        == "fact,site,layer,position,token,role,sample,probability,log_probability,logit_difference"
    )
    #expect(lines[1].hasPrefix("\"f0\",block_output,0,0,\"#3\",before,0,"))
    let cells = lines[1].split(separator: ",")
    let stored = try #require(
      try run.array("probability").readChunk([0, 0, 0, 0, 0], as: Float.self))
    #expect(Float(cells[7]) == stored[0])
    #expect(lines.contains { $0.contains(",subject_first subject_last,") })
    #expect(try export(mean: true) == ["wrote \(places) lines to \(file)"])
    expectRefusal(naming: file, "--force", kind: .commandLine) { () throws(Refusal) in
      try export(mean: false, force: false)
    }
  }
}
