import Autodiff
import Checkpoints
import Foundation
import Inputs
import Models
import Tensors
import Testing
import _TestSupport

/// A real model out of a GGUF file: its weights, its activations and what it says.
@Suite(.serialized, .enabled(if: SmolLM2.isPresent, Comment(rawValue: SmolLM2.reason)))
struct SmolLM2Tests {
  static let golden = GoldenModel(
    "smollm2", in: SharedMaterial.root?.appendingPathComponent("goldens"))
  static let model = Result {
    try PublishedModel(SmolLM2.file?.path ?? "").load()
  }

  private let values: SafetensorsFile
  private let document: JSONField

  init() throws {
    let golden = try #require(Self.golden)
    (values, document) = (try golden.values(), try golden.document())
  }

  private func tolerance(_ absolute: String) throws -> Tolerance {
    let field = try document["tolerance"]
    return Tolerance(absolute: try field[absolute].double(), relative: try field["rtol"].double())
  }

  private func expect(
    _ found: [Float], _ name: String, _ tolerance: Tolerance,
    _ place: SourceLocation = #_sourceLocation
  ) throws {
    let wrong = tolerance.disagreement(found, try values.floats(name))
    #expect(wrong == nil, "\(name) \(wrong ?? "")", sourceLocation: place)
  }

  @Test func `sites of every layer agree with the published implementation`() throws {
    let model = try Self.model.get()
    let ids = try values.integers("prompt.0.input_ids")
    var seen: [Site: [Float]] = [:]
    var weights: Tensor<Float>?
    let run = Run<Float>(Batch(lengths: [ids.count])) { site, layer, x in
      if [.blockOutput, .attentionOutput, .mlpOutput].contains(site) {
        seen[site, default: []] += x.value.elements
      }
      if site == .attentionWeight, layer == 15 { weights = x.value }
      return x
    }
    let stream = model(ids, in: run)
    let tolerance = try tolerance("activations_atol")
    for (site, values) in seen { try expect(values, "prompt.0.\(site.rawValue)", tolerance) }
    #expect(seen.count == 3)
    try expect(
      model.tokenEmbeddings(ids, on: run.tape).value.elements, "prompt.0.embedding", tolerance)
    // Made query by query; published by head.
    let made = try #require(weights).elements
    let (n, heads) = (ids.count, model.shape.heads)
    let byHead = (0..<heads).flatMap { h in
      (0..<n).flatMap { q in (0..<n).map { made[(q * heads + h) * n + $0] } }
    }
    try expect(byHead, "prompt.0.attention_weight.layer_15", tolerance)
    #expect(stream.value.rows == n)
  }

  @Test(arguments: 0..<3)
  func `logits and the greedy continuation agree with the published implementation`(
    prompt: Int
  ) throws {
    let model = try Self.model.get()
    var ids = try values.integers("prompt.\(prompt).input_ids")
    let expected = try values.integers("prompt.\(prompt).generated_ids")
    let run = Run<Float>(Batch(lengths: [ids.count]), keepsKeyValues: true)
    let stream = model(ids, in: run)
    let tolerance = try tolerance("logits_atol")
    let all = model.logits(stream, on: run.tape).value
    try expect(all.logSumExp().elements, "prompt.\(prompt).logsumexp", tolerance)
    var logits = all.rows(ids.count - 1..<ids.count).elements
    try expect(logits, "prompt.\(prompt).last_logits", tolerance)

    var past = run.kept
    while ids.count < expected.count {
      let next = try #require(logits.indices.max { logits[$0] < logits[$1] })
      let step = Run<Float>(
        Batch([(count: 1, prefix: [0..<ids.count])]), prefix: past, keepsKeyValues: true)
      ids.append(next)
      logits = model.logits(model([next], in: step), on: step.tape).value.elements
      past = KeyValues(
        keys: zip(past.keys, step.kept.keys).map { .concatenated([$0, $1]) },
        values: zip(past.values, step.kept.values).map { .concatenated([$0, $1]) })
    }
    #expect(ids == expected)
  }

  @Test func `every dequantised tensor agrees with the published reader`() throws {
    let checkpoint = try Checkpoint(try #require(SmolLM2.file).path)
    let prints = try document["dequantised_tensors"].members()
    #expect(Set(prints.map(\.key)) == Set(checkpoint.tensors.keys))
    #if DEBUG
      let step = 23  // Sums of 135 million numbers take a minute unoptimised.
    #else
      let step = 1
    #endif
    for number in stride(from: 0, to: prints.count, by: step) {
      let (name, print) = prints[number]
      let found = try checkpoint.floats(name)
      let expected = try print["shape_ggml_order"].items().map { (x) throws(Refusal) in
        try x.int()
      }
      #expect(checkpoint.tensors[name]?.shape == expected.reversed(), "\(name)")
      let (sum, squares) = found.withUnsafeBufferPointer { values in
        values.reduce(into: (0.0, 0.0)) {
          $0.0 += Double($1)
          $0.1 += Double($1) * Double($1)
        }
      }
      let size = try print["sum_of_squares"].double()
      // The elements are exact; only the order of these additions may differ.
      #expect(abs(squares - size) <= 1e-9 * size, "\(name)")
      #expect(abs(sum - (try print["sum"].double())) <= 1e-9 * max(1, size), "\(name)")
      let ends = try (print["first"].items() + print["last"].items()).map {
        (x) throws(Refusal) in Float(try x.double())
      }
      #expect(Array(found.prefix(4) + found.suffix(4)) == ends, "\(name)")
    }
  }
}
