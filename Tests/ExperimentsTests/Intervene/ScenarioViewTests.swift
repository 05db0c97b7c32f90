import Foundation
import Inputs
import Interventions
import Testing
import _TestSupport

@testable import Experiments

/// What there is to see of everything that the reference ran.
@Suite(.enabled(if: SharedMaterial.isPresent))
struct ScenarioViewTests {
  private static let goldens = SharedMaterial.root?.appendingPathComponent("goldens")
  private static let models = goldens?.appendingPathComponent("models").path

  static let scenarios: [String] = {
    guard let folder = goldens?.appendingPathComponent("scenarios").path,
      let names = try? FileManager.default.contentsOfDirectory(atPath: folder)
    else { return [] }
    return names.filter { $0.hasSuffix(".json") }.sorted().map { "\(folder)/\($0)" }
  }()

  private func json(_ text: String) throws -> JSONField {
    JSONField(
      try JSON.parse(Array(text.utf8), file: "output", kind: .store), file: "output", kind: .store)
  }

  @Test(arguments: scenarios)
  func `every run has something to show, and says the same as JSON`(path: String) throws {
    var command = InterveneCommand(path)
    command.models = Self.models
    let prepared = try command.prepared()
    let (outputs, views) = try prepared()
    let report = views.report
    let pictures = try views.pictures()
    #expect(pictures.items.count > 1, "\(path)")
    #expect((pictures.figure == nil) == (report.kind == "generate"), "\(path)")
    let told = try json(views.json)
    #expect(try told["interventions"].items().count == report.entries.count)
    func count(_ key: String) throws -> Int { try told.optional(key)?.items().count ?? 0 }
    #expect(try count("answers") == report.answers.count)
    #expect(try count("streams") == report.streams.count)
    #expect(try count("collected") == report.collected.count)
    let collected = report.collected.count { $0.name.hasPrefix("collected.") }
    #expect(collected == outputs.names.count { $0.hasPrefix("collected.") })
    #expect(report.collected.allSatisfy { $0.notFinite == 0 })
    let examples = Set(report.inputs.map(\.example)).count
    switch report.kind {
    case "train":
      #expect(report.losses.count > 0 && (report.trainedCount ?? 0) > 0)
    case "generate": #expect(report.continuations.count == examples)
    case "gradient": #expect(!report.tensors.isEmpty && !report.scalars.isEmpty)
    default:
      #expect(report.answers.count + report.streams.count >= examples)
      for choice in report.answers.flatMap(\.choices) {
        #expect((0...1).contains(choice.after.probability))
        #expect(choice.before.map { (0...1).contains($0.probability) } == true)
      }
    }
  }

  @Test(arguments: scenarios)
  func `every specification is checked and planned without its weights`(path: String) throws {
    let check = try SpecCheck(path, models: Self.models)
    #expect(try check.pictures(limit: 50).items.count > 1)
    let told = try json(check.json)
    for input in try told["inputs"].items() {
      let count = try input["positions"].int()
      for touched in try input["touched"].items() { #expect(try touched.int() < count) }
    }
    let cost = try json(check.cost.json)
    #expect(try cost["forward_passes"].int() > 0 && cost["weight_bytes"].int() > 0)
    if let rows = try cost.optional("block_rows") { #expect(try rows.int() > 0) }
  }
}
