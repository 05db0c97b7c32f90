import Autodiff
import Checkpoints
import Foundation
import Inputs
import Models
import Tensors
import Testing
import _TestSupport

/// Every site, the logits and the loss, against what the published implementation computed.
struct GoldenActivationsTests {
  static let goldens = ModelGoldens.named(["gpt2", "llama", "llama_rope_scaled", "stories260k"])

  @Test(arguments: goldens)
  func `every site of the model agrees with the published implementation`(golden: GoldenModel)
    throws
  {
    let (values, tolerance) = (try golden.values(), try golden.tolerance())
    let model = try PublishedModel(golden.folder.path).load()
    let ids = try values.integers("input.input_ids")
    let shape = values.tensors["input.input_ids"]?.shape ?? []
    let (sequences, length) = (shape[0], shape[1])

    var seen: [String: Tensor<Float>] = [:]
    let run = Run<Float>(Batch(lengths: Array(repeating: length, count: sequences))) {
      seen["layer.\($1).\($0.rawValue)"] = $2.value
      return $2
    }
    let stream = model(ids, in: run)
    var compared = 0
    for name in values.tensors.keys.sorted() where name.hasPrefix("layer.") {
      let parts = name.split(separator: ".", maxSplits: 2)
      let site = try #require(Site(rawValue: String(parts[2])))
      let value = try #require(seen["layer.\(parts[1]).\(site.unsplit.rawValue)"])
      let found =
        site == .attentionWeight
        ? value : model.shape.split(value, at: site, sequences: sequences)
      let wrong = tolerance.disagreement(
        reordered(found, site, sequences, length, model.shape), try values.floats(name))
      #expect(wrong == nil, "\(name) \(wrong ?? "")")
      compared += 1
    }
    // A fixture has the sites of some layers only.
    let recorded = Set(
      values.tensors.keys.compactMap { $0.split(separator: ".").dropFirst().first }
    )
    .count { Int($0) != nil }
    #expect(recorded > 0 && compared == 16 * recorded)
    let logits = model.logits(stream, on: run.tape)
    let wrong = tolerance.disagreement(logits.value.elements, try values.floats("logits"))
    #expect(wrong == nil, "logits \(wrong ?? "")")
  }

  /// Attention weights are made query by query; the published order is by head.
  private func reordered(
    _ value: Tensor<Float>, _ site: Site, _ sequences: Int, _ length: Int, _ shape: DecoderShape
  ) -> [Float] {
    guard site == .attentionWeight else { return value.elements }
    let elements = value.elements
    return (0..<sequences).flatMap { s in
      (0..<shape.heads).flatMap { h in
        (0..<length).flatMap { q in
          (0..<length).map { k in
            elements[((s * length + q) * shape.heads + h) * length + k]
          }
        }
      }
    }
  }
}
