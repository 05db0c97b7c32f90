import Checkpoints
import Foundation
import Inputs
import Interventions
import Testing
import _TestSupport

/// Interventions that the reference implementation ran, case by case.
struct ScenarioTests {
  struct Scenario: Sendable, CustomTestStringConvertible {
    let path: String
    var testDescription: String {
      URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
    }
  }

  /// The families that can be opened; `llama` and its variants begin alike.
  private static let families = ["gpt2", "llama", "gru_", "mlp_", "backpack_gpt2", "resnet_"]

  static let folder = SharedMaterial.root?.appendingPathComponent("goldens/scenarios")
  static let models = SharedMaterial.root?.appendingPathComponent("goldens/models").path

  static let scenarios: [Scenario] = {
    guard let folder,
      let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
    else { return [] }
    return names.filter { $0.hasSuffix(".json") }.sorted()
      .map { Scenario(path: folder.appendingPathComponent($0).path) }
      .filter { scenario in
        guard let model = try? JSONField.load(scenario.path, kind: .job)["model"].string() else {
          return false
        }
        return families.contains { model.hasPrefix($0) }
      }
  }()

  @Test(.enabled(if: SharedMaterial.isPresent), arguments: scenarios, [false, true])
  func `every expected tensor agrees with the reference's`(
    scenario: Scenario, isNaive: Bool
  ) throws {
    try Self.expectAgreement(scenario.path, isNaive: isNaive)
  }

  /// Runs a case and compares every tensor that it expects with what lies beside it.
  static func expectAgreement(
    _ path: String, isNaive: Bool = false, saveTo: String? = nil
  ) throws {
    let document = try JSONField.load(path, kind: .job)
    let tolerance = Tolerance(
      absolute: try document["tolerance"]["atol"].double(),
      relative: try document["tolerance"]["rtol"].double())
    let run = try SpecRun(
      path, options: .init(models: Self.models, isNaive: isNaive, saveTo: saveTo))
    let outputs = try run()
    let reference = try SafetensorsFile(path.replacing(".json", with: ".safetensors"), kind: .job)
    let expected = try document["expected"].object().keys
    #expect(outputs.names.sorted() == expected.sorted())
    for name in expected {
      let description = try reference.tensor("out.\(name)")
      if let rows = outputs.integers(name) {
        #expect(rows.flatMap(\.self) == (try reference.integers("out.\(name)")), "\(name)")
      } else {
        let (shape, values) = try #require(outputs.floats(name))
        #expect(shape == description.shape, "\(path): \(name)")
        let off = tolerance.disagreement(values, try reference.floats("out.\(name)"))
        #expect(off == nil, "\(path): \(name): \(off ?? "")")
      }
    }
  }
}
