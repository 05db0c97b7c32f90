import Checkpoints
import Foundation
import Inputs
import ResultsStore
import Testing
import _TestSupport

extension EndToEnd {
  /// Traces of a real model against tables that PyTorch computed with the same noise.
  @Suite(
    .serialized, .timeLimit(.minutes(60)),
    .enabled(if: SmolLM2.isPresent, Comment(rawValue: SmolLM2.reason)))
  struct SmolLM2Traces {
    static let facts = [149, 341, 719, 9000]
    static let sites = ["block_output", "mlp_output", "attention_output"]
    static let tolerance = Tolerance(absolute: 2e-4, relative: 0)

    @Test func `a few layers of one fact agree with the published tables`() async throws {
      try await trace(719, layers: [0, 4, 15, 29])
    }

    @Test(
      .enabled(if: runsSlowTests, "takes minutes: set CAUSEWAY_SLOW_TESTS"), arguments: facts)
    func `whole traces agree with the published tables`(fact: Int) async throws {
      try await trace(fact, layers: Array(0..<30))
    }

    /// Runs the trace of a fact with its recorded noise, and compares every stored probability.
    private func trace(_ fact: Int, layers: [Int]) async throws {
      let goldens = try #require(SharedMaterial.root)
        .appendingPathComponent("goldens/causal_trace_smollm2/fact_\(fact)")
      let bench = try Workbench()
      let document = try JSONSerialization.jsonObject(
        with: Data(contentsOf: goldens.appendingPathExtension("json")))
      let fields = try #require((document as? [String: Any])?["fact"])
      try JSONSerialization.data(withJSONObject: [fields])
        .write(to: bench.folder.appendingPathComponent("facts.json"))
      let noise = goldens.appendingPathExtension("safetensors").path
      let model = try #require(SmolLM2.file).path
      try bench.put(job(model: model, noise: noise, layers: layers), "job.toml")
      try await bench.finish("run", ranks: 2)
      try compare(
        try ZarrStore.open(bench.path("run/results.zarr")), try SafetensorsFile(noise), layers)
    }

    private func compare(
      _ store: ZarrStore, _ golden: SafetensorsFile, _ layers: [Int]
    ) throws {
      func stored(_ name: String) throws -> [Float] {
        let array = try store.array(name)
        return try #require(
          try array.readChunk(array.spec.shape.map { _ in 0 }, as: Float.self), "\(name)")
      }
      func expect(_ found: [Float], _ expected: [Float], _ what: String) {
        let wrong = Self.tolerance.disagreement(found, expected)
        #expect(wrong == nil, "\(what) \(wrong ?? "")")
      }
      expect(try stored("clean_probability"), try golden.floats("clean_prob"), "clean")
      expect(try stored("corrupted_probability"), try golden.floats("corrupted_prob"), "corrupted")
      let array = try store.array("probability")
      let tokens = array.spec.shape[3]
      for (place, site) in Self.sites.enumerated() {
        // [layer, position, sample] beside [token, layer, sample].
        let chunk = try array.readChunk([0, place, 0, 0, 0], as: Float.self)
        let found = try #require(chunk)
        let expected = try golden.floats("\(site).prob")
        #expect(expected.count == tokens * 30 * 10)
        for layer in layers {
          for position in 0..<tokens {
            let (a, b) = ((layer * tokens + position) * 10, (position * 30 + layer) * 10)
            expect(
              Array(found[a..<a + 10]), Array(expected[b..<b + 10]),
              "\(site), layer \(layer), position \(position)")
          }
        }
      }
    }

    private func job(model: String, noise: String, layers: [Int]) -> String {
      let restore = Self.sites.map { "[[restore]]\nsite = \"\($0)\"\nlayers = \(layers)\n" }
      return """
        kind = "trace"
        [model]
        path = "\(model)"
        [data]
        facts = "facts.json"
        [corrupt]
        noise_file = "\(noise)"
        [metric]
        store = ["probability"]
        \(restore.joined())
        """
    }
  }
}
