import Checkpoints
import Foundation
import Inputs
import Interventions
import Testing
import _TestSupport

/// A Python with pyvene, named by an environment variable.
private let peer = ProcessInfo.processInfo.environment["CAUSEWAY_PEER_PYTHON"]
private let reason: Comment = "CAUSEWAY_PEER_PYTHON names no Python with pyvene, or no goldens"

/// Cases that pyvene itself runs beside this project while the tests run.
@Suite(.enabled(if: SharedMaterial.isPresent && peer != nil, reason))
struct PeerScenarioTests {
  private let scratch: SavedScratch

  init() throws { scratch = try SavedScratch() }

  /// What a script beside the tests prints, line by line.
  private func python(_ script: String, _ arguments: [String]) throws -> [String] {
    let fixtures = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(peer))
    process.arguments = [fixtures.appendingPathComponent(script).path] + arguments
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  /// The number of the first case; other numbers make other cases.
  private var seed: String { ProcessInfo.processInfo.environment["CAUSEWAY_PEER_SEED"] ?? "0" }

  @Test
  func `random cases give what pyvene gives`() throws {
    let models = try #require(ScenarioTests.models)
    _ = try python("random_scenarios.py", [models, scratch.path, seed, "40"])
    let names = try scratch.names().filter { $0.hasSuffix(".json") }
    #expect(names.count == 40)
    for name in names {
      try ScenarioTests.expectAgreement("\(scratch.path)/\(name)", isNaive: false)
      try ScenarioTests.expectAgreement("\(scratch.path)/\(name)", isNaive: true)
    }
  }

  @Test
  func `folders of every type give the same logits here and in pyvene, whoever wrote them`() throws
  {
    let models = try #require(ScenarioTests.models)
    _ = try python("saved_scenarios.py", ["make", models, scratch.path])
    let names = try scratch.names().filter { $0.hasSuffix(".json") }
    #expect(names.count == 26)
    for name in names {
      let path = "\(scratch.path)/\(name)"
      let isLoaded = name.hasSuffix("_loaded.json")
      let ours = path.replacing(".json", with: ".ours")
      try ScenarioTests.expectAgreement(path, saveTo: isLoaded ? nil : ours)
    }
    let found = try python("saved_scenarios.py", ["check", models, scratch.path])
      .filter { $0.hasPrefix("equal") || $0.hasPrefix("other") }
    #expect(found.count == 13)
    #expect(found.allSatisfy { $0.hasPrefix("equal") }, "\(found)")
  }
}
