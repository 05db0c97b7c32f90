import Figures
import Foundation
import Inputs
import ResultsStore
import Testing
import _TestSupport

@testable import Experiments

/// A finished run that no test changes.
private let finished: Result<TinyRun, any Error> = Result {
  let run = try TinyRun()
  try run.run()
  return run
}

struct TraceReaderTests {
  @Test func `a finished run is read without its model`() throws {
    let run = try TinyRun()
    #expect(try run.run() == .finished(facts: 3, traced: 3, units: 9, failed: 0))
    try FileManager.default.removeItem(atPath: run.root + "/model")
    let reader = try run.reader()
    #expect(reader.facts.map(\.id) == ["f0", "f1", "f2"])
    #expect(reader.facts[1].tokens == ["#8", "#2", "#30", "#11", "#4", "#6"])
    #expect(reader.facts[1].roles == PromptRoles(tokenCount: 6, subject: 2..<5))
    #expect(reader.grid.layerCount == 3 && reader.grid.samples == 2)
    #expect(reader.spec.model.path.resolved == run.root + "/model")
    #expect(Set(reader.inputs.keys) == ["model", "facts"])
    let progress = try TraceProgress(run.path)
    #expect(progress.exitCode == 0)
    #expect(progress.lines()[0].hasSuffix(": finished"))
    #expect(progress.lines().contains("facts   3 of 3 done, 0 left, 0 skipped, 0 failed"))
    #expect(progress.lines().contains("units   9 of 9 done, 0 left, 0 failed"))
    #expect(progress.lines().contains { $0.hasSuffix(": given back") })
    #expect(progress.paces.count == 1 && progress.paces[0].units == 9)
    #expect(progress.coreHours == 0)
    #expect(progress.attempts.attempts.map(\.end).allSatisfy { $0 != nil })
  }

  @Test func `the state of a stopped run is told in under a second, and it goes on`() throws {
    let run = try TinyRun()
    #expect(try run.run(stoppingAfter: 2) == .stopped)
    var told: TraceProgress?
    let seconds = try processorSeconds { told = try TraceProgress(run.path) }
    let progress = try #require(told)
    #expect(seconds < 1)
    #expect(progress.exitCode == 75)
    #expect(progress.unitsDone >= 5 && progress.unitsLeft > 0)
    #expect(progress.unitsDone + progress.unitsLeft == 9)
    #expect((progress.coreHours ?? 0) > 0)
    #expect(progress.lines().contains { $0.hasSuffix("given back") })
    let json = JSONField(
      try JSON.parse(Array(progress.json.utf8), file: "status", kind: .store), file: "status",
      kind: .store)
    #expect(try json["units"]["left"].int() == progress.unitsLeft)
    #expect(try json["holder"]["life"].string() == "given back")
    #expect(try json["finished"].bool() == false)
    #expect(try run.run() == .finished(facts: 3, traced: 3, units: 9, failed: 0))
    #expect(try TraceProgress(run.path).exitCode == 0)
    #expect(try TraceProgress(run.path).attempts.attempts.count == 2)
  }

  @Test func `facts that the filter leaves out are told with the reason`() throws {
    let top = try topTokens()
    var facts = TinyRun.facts
    for fact in [0, 2] { facts[fact].answer = top[fact] }
    facts[1].answer = (top[1] + 1) % 40
    let run = try TinyRun(facts: facts, job: TinyRun.job(filter: "correct"))
    #expect(try run.run() == .finished(facts: 3, traced: 2, units: 7, failed: 0))
    let progress = try TraceProgress(run.path)
    #expect(progress.exitCode == 0)
    #expect(progress.skipped.map(\.id) == ["f1"])
    #expect(progress.skipped[0].reason.hasPrefix("the most probable token is \(top[1]), not"))
    #expect(try run.verify().faults.isEmpty)
    try expectRefusal(naming: "fact f1", "most probable token", kind: .store) {
      () throws(Refusal) in try TraceFigures(run.path).fact("f1")
    }
  }

  private func topTokens() throws -> [Int] {
    guard case .integers(let top)? = try finished.get().reader().array("top_id") else { return [] }
    return top.map { Int($0) }
  }

  @Test func `a folder that is no run's is refused, and one that has only begun is not`() throws {
    let run = try TinyRun()
    try expectRefusal(naming: run.root, "not a run folder", kind: .store) {
      () throws(Refusal) in try TraceProgress(run.root)
    }
    try run.run()
    try FileManager.default.removeItem(atPath: run.path + "/results.zarr")
    try expectRefusal(naming: "results.zarr/zarr.json", "found nothing", kind: .store) {
      () throws(Refusal) in try TraceProgress(run.path)
    }
    for file in run.files() where file.hasPrefix("journal/") {
      try FileManager.default.removeItem(atPath: "\(run.path)/\(file)")
    }
    let progress = try TraceProgress(run.path)
    #expect(progress.exitCode == 75)
    #expect(progress.lines()[0].hasSuffix("begun, nothing planned yet"))
    try expectRefusal(naming: "only begun", kind: .store) {
      () throws(Refusal) in try TraceFigures(run.path)
    }
  }
}

struct TraceFiguresTests {
  @Test func `a heat map has the mean over samples of each token and layer`() throws {
    let run = try finished.get()
    let (reader, figures) = (try run.reader(), try TraceFigures(run.path))
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
      try reader.store.array("probability").readChunk([1, 0, 0, 0, 0], as: Float.self))
    let corrupted = try #require(try reader.floats("corrupted_probability"))
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
    let figures = try TraceFigures(try finished.get().path)
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
    let last = try #require(plot.series.first { $0.name == "Last token" })
    #expect(last.means.allSatisfy { !$0.isNaN } && last.lows.count == last.means.count)
    #expect(zip(last.lows, last.highs).allSatisfy { $0 <= $1 })
    let means = try #require(
      try finished.get().reader().floats("summary/mean_probability"))
    #expect(last.means == (0..<3).map { Double(means[6 * 3 + $0]) })
  }

  @Test func `site, metric and fact are chosen by name, and a wrong one gets the nearest`() throws {
    let path = try finished.get().path
    let figures = try TraceFigures(path, site: "mlp_output", metric: "log_probability")
    let maps = try figures.maps(of: try #require(try figures.fact("f2")))
    #expect(maps.count == 1 && maps[0].valueName == "log p(#33)")
    #expect(maps[0].values.joined().allSatisfy { $0 <= 0 || $0.isNaN })
    try expectRefusal(naming: "--site", "(did you mean mlp_output?)", kind: .commandLine) {
      () throws(Refusal) in try TraceFigures(path, site: "mlp_outputs")
    }
    try expectRefusal(naming: "--metric", "probability", kind: .commandLine) {
      () throws(Refusal) in try TraceFigures(path, metric: "p")
    }
    try expectRefusal(naming: "--fact", "f0", kind: .commandLine) {
      () throws(Refusal) in try figures.fact("f9")
    }
  }

  @Test func `a run that was stopped shows what is there`() throws {
    let run = try TinyRun()
    try run.run(stoppingAfter: 2)
    let figures = try TraceFigures(run.path)
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
    #expect(
      try TraceExport(run.path, bySample: true).write(to: file, replacing: true) == places * 2)
    let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
    #expect(
      lines[0]
        == "fact,site,layer,position,token,role,sample,probability,log_probability,logit_difference"
    )
    #expect(lines[1].hasPrefix("\"f0\",block_output,0,0,\"#3\",before,0,"))
    let cells = lines[1].split(separator: ",")
    let stored = try #require(
      try run.reader().store.array("probability").readChunk([0, 0, 0, 0, 0], as: Float.self))
    #expect(Float(cells[7]) == stored[0])
    #expect(lines.contains { $0.contains(",subject_first subject_last,") })
    #expect(try TraceExport(run.path, bySample: false).write(to: file, replacing: true) == places)
    try expectRefusal(naming: file, "--force", kind: .commandLine) { () throws(Refusal) in
      try TraceExport(run.path, bySample: true).write(to: file, replacing: false)
    }
  }
}
