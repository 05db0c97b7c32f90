import Checkpoints
import Foundation
import Inputs
import Testing
import _TestSupport

extension EndToEnd {
  /// What the reference trained, with the gradients taken on several ranks.
  @Suite(.serialized, .timeLimit(.minutes(10)))
  struct RankedScenarios {
    private static let folder = SharedMaterial.root?.appendingPathComponent("goldens/scenarios")
    private static let models = SharedMaterial.root?.appendingPathComponent("goldens/models").path

    /// Gradients and training of interventions in families that can be opened.
    static let scenarios: [String] = {
      guard let folder,
        let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
      else { return [] }
      return names.filter { $0.hasSuffix(".json") }.sorted().filter { name in
        guard name.contains("train") || name.contains("gradient"), !name.hasPrefix("iit"),
          let document = try? JSONField.load(folder.path + "/" + name, kind: .job),
          let kind = try? document["kind"].string(), ["train", "gradient"].contains(kind),
          let model = try? document["model"].string()
        else { return false }
        return ["gpt2", "llama", "gemma2", "gpt_neox"].contains(model)
      }
    }()

    @Test(.enabled(if: SharedMaterial.isPresent), arguments: scenarios)
    func `losses and gradients are the reference's, with the same bits on one, two and three ranks`(
      name: String
    ) async throws {
      let folder = try #require(Self.folder), models = try #require(Self.models)
      let scratch = FileManager.default.temporaryDirectory
        .appendingPathComponent("ranked-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: scratch) }
      var first: Data?
      for ranks in [nil, 1, 2, 3] {
        let output = scratch.appendingPathComponent("ranks-\(ranks ?? 0).safetensors")
        let tool = try RunningTool(
          [
            "intervene", folder.path + "/" + name, "--models", models, "--microbatch", "1", "-o",
            output.path,
          ], ranks: ranks)
        let ended = try await tool.end()
        #expect(ended.code == 0, "\(ended.errors)")
        let bytes = try Data(contentsOf: output)
        #expect(bytes == first ?? bytes, "\(ranks ?? 0) ranks")
        first = first ?? bytes
      }
      let document = try JSONField.load(folder.path + "/" + name, kind: .job)
      let tolerance = Tolerance(
        absolute: try document["tolerance"]["atol"].double(),
        relative: try document["tolerance"]["rtol"].double())
      let reference = try SafetensorsFile(
        folder.path + "/" + name.replacing(".json", with: ".safetensors"), kind: .job)
      let ours = try SafetensorsFile(
        scratch.appendingPathComponent("ranks-0.safetensors").path, kind: .job)
      for output in try document["expected"].object().keys {
        let off = tolerance.disagreement(
          try ours.floats("out.\(output)"), try reference.floats("out.\(output)"))
        #expect(off == nil, "\(output): \(off ?? "")")
      }
    }
  }
}
