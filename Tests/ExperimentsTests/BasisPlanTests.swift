import Cluster
import Foundation
import Inputs
import JobFiles
import Lenses
import ResultsStore
import Testing
import _TestSupport

@testable import Experiments

/// What `plan` says of a basis' evaluations, beside those that are made.
struct BasisPlanTests {
  private struct Silent: RunObserver {
    func begin(_ phase: String, of unit: String, total: Int, done: Int) {}
    func advance(done: Int, failed: Int) {}
    func advance(step: Int, of steps: Int, name: String) {}
    func end() {}
    func note(_ text: String) {}
  }

  @Test(arguments: [
    (iterations: 3, restarts: 1, candidates: 8), (5, 2, 2), (20, 3, 4),
  ])
  func `a plan's evaluations are those of its climbs and its candidates, within a factor of two`(
    iterations: Int, restarts: Int, candidates: Int
  ) throws {
    try withTemporaryFolder { folder in
      try TinyModel(.gpt2, layers: 2, width: 24).write(to: folder.appendingPathComponent("model"))
      let text = """
        kind = "basis"
        [model]
        path = "model"
        [data]
        items = [[5, 9, 1, 33, 2, 7, 8], [11, 4, 6, 1, 22, 30], [3, 17, 20, 9, 2, 40, 12, 1, 5]]
        [basis]
        layers = [1]
        directions = 2
        lens = "logit"
        iterations = \(iterations)
        restarts = \(restarts)
        candidates = \(candidates)
        """
      let file = folder.path + "/job.toml"
      try Data(text.utf8).write(to: URL(fileURLWithPath: file))
      let planned = try #require(
        try BasisKind(BasisSpec(JobDocument(reading: file))).cost.entries
          .first { $0.key == "evaluations" }?.value)
      let engine = RunEngine<BasisKind>(
        RunLaunch(
          try MPIEnvironment(environment: [:]), RunOptions(output: folder.path + "/run"),
          observer: Silent(), stop: StopSignal()))
      _ = try engine.run { () throws(Refusal) in try BasisSpec(JobDocument(reading: file)) }
      let view = try RunView(BasisKind.self, folder.path + "/run")
      let made = view.results.done.reduce(0) { sum, unit in
        switch view.results[unit] {
        case .direction(let found)?: sum + found.evaluations
        case .curve(let own, let random)?: sum + own.count + random.count
        case nil: sum
        }
      }
      #expect(made > 0)
      #expect(
        planned >= Double(made) / 2 && planned <= Double(made) * 2,
        "\(planned) planned, \(made) made")
    }
  }

  @Test func `a unit's result is read back as it was written, and damage is refused`() throws {
    let unit = BasisUnit.search(layer: 0, direction: 0, restart: 0)
    let result = BasisResult.direction(.init(vector: [0.6, -0.8], energy: 0.125, evaluations: 9))
    let bytes = result.bytes
    #expect(try BasisResult(bytes, of: unit, number: 0, width: 2, directions: 1) == result)
    #expect(throws: (any Error).self) {
      try BasisResult(Array(bytes.dropLast()), of: unit, number: 0, width: 2, directions: 1)
    }
    #expect(throws: (any Error).self) {
      try BasisResult(
        [UInt8](repeating: 0xFF, count: bytes.count), of: unit, number: 0, width: 2, directions: 1)
    }
  }
}
