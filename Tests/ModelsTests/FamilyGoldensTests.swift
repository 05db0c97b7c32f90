import Autodiff
import Checkpoints
import Inputs
import Models
import Tensors
import Testing
import _TestSupport

/// Every recorded family: its sites, logits, generated tokens and masks against what transformers
/// computed.
struct FamilyGoldensTests {
  static let goldens = ModelGoldens.named([
    "bert", "esm", "gemma", "gemma2", "gemma3_text", "gpt2", "gpt_neo", "gpt_neox",
    "gpt_neox_sequential",
    "gpt_oss", "llama", "llama_rope_scaled", "mistral", "mixtral", "olmo", "olmo2", "phi3",
    "qwen2", "qwen3", "qwen3_moe", "stories260k", "t5", "t5_v1_1", "vit", "whisper",
  ])

  @Test(arguments: goldens)
  func `every site and the logits agree with the published implementation`(
    golden: GoldenModel
  ) throws {
    let (values, inputs) = (try golden.values(), try golden.inputs())
    let model = try golden.model().showing([.finalNormOutput, .qkvOutput])
    var seen: [String: Tensor<Float>] = [:]
    let logits = model.run(inputs, on: Tape()) { here in
      let layer = here.site.isInBlock ? "layer.\(here.layer)." : ""
      seen[layer + here.site.rawValue] = here.value.value
      return here.value
    }
    seen["logits"] = logits.value
    var compared: Set<Site> = []
    for name in values.tensors.keys.sorted() {
      guard ["final_norm_output", "logits"].contains(name) || name.hasPrefix("layer.") else {
        continue
      }
      let site = try #require(Site(rawValue: String(name.split(separator: ".").last ?? "")))
      let whole = name.replacing(site.rawValue, with: site.unsplit.rawValue)
      let value = try #require(seen[whole], "the model has no \(whole)")
      #expect(model.sites.contains { $0.site == site })
      let recorded = Recorded(
        shape: try values.tensor(name).shape, values: try values.floats(name),
        lengths: inputs.extents[model.extent(of: site, layer: 0)],
        keys: inputs.extents[model.keyExtent(of: site)])
      let wrong = try golden.tolerance().disagreement(value.elements, recorded.packed(site))
      #expect(wrong == nil, "\(name) \(wrong ?? "")")
      compared.insert(site)
    }
    let sites = try golden.document()["sites"].members().map(\.key)
    #expect(compared.isSuperset(of: sites.compactMap { Site(rawValue: $0) }))
    #expect(sites.allSatisfy { Site(rawValue: $0) != nil })
  }

  @Test(arguments: ModelGoldens.named(["t5", "t5_v1_1"]))
  func `the loss of labels is that of a decoder that is one token behind`(
    golden: GoldenModel
  ) throws {
    guard case .pairs(let read, let tokens) = try golden.inputs() else { return }
    let (values, length) = (try golden.values(), tokens[0].count)
    let labels = try values.integers("labels")
    let behind = tokens.indices.map { example in
      [0] + labels[example * length..<(example + 1) * length - 1]
    }
    let tape = Tape<Float>()
    let logits = try golden.model().run(.pairs(read, decoder: behind), on: tape, visit: nil)
    try golden.expect(
      [tape.crossEntropy(logits, labels: labels).value.scalar], "loss", in: values)
  }
}

/// A recorded value of a padded batch.
private struct Recorded {
  let shape: [Int]
  let values: [Float]
  let lengths: [Int]
  /// Of what attention weights have numbers for.
  let keys: [Int]

  /// The same as our runs have it: rows of the sequences below each other, without padding.
  func packed(_ site: Site) -> [Float] {
    let longest = lengths.max() ?? 0
    let padded = values.count / lengths.count
    return lengths.indices.flatMap { example -> [Float] in
      let start = example * padded
      func slice(_ from: Int, _ count: Int) -> ArraySlice<Float> {
        values[start + from..<start + from + count]
      }
      if site.own == .attentionWeight {
        let (heads, positions, width) = (shape[1], shape[2], shape[3])
        return (0..<lengths[example]).flatMap { query in
          (0..<heads).flatMap { slice((($0 * positions) + query) * width, keys.max() ?? 0) }
        }
      }
      // By head, [example, head, position, width]; or by position first.
      let isByHead = shape.count == 4 && shape[2] >= longest && shape[1] < longest
      let heads = isByHead ? shape[1] : 1
      let positions = isByHead ? shape[2] : shape.count == 2 ? shape[0] / lengths.count : shape[1]
      let width = padded / heads / positions
      return (0..<lengths[example]).flatMap { row in
        (0..<heads).flatMap { slice((($0 * positions) + row) * width, width) }
      }
    }
  }
}
