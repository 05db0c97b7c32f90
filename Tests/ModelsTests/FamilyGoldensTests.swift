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
    "gemma", "gemma2", "gemma3_text", "gpt2", "gpt_neo", "gpt_neox", "gpt_neox_sequential",
    "gpt_oss", "llama", "llama_rope_scaled", "mistral", "mixtral", "olmo", "olmo2", "phi3",
    "qwen2", "qwen3", "qwen3_moe", "stories260k",
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
    try golden.expect(logits.value.elements, "logits", in: values)
    var compared = 0
    for name in values.tensors.keys.sorted() {
      guard name.hasPrefix("layer.") || name == "final_norm_output" else { continue }
      let site = try #require(Site(rawValue: String(name.split(separator: ".").last ?? "")))
      let whole = name.replacing(site.rawValue, with: site.unsplit.rawValue)
      let value = try #require(seen[whole], "the model has no \(whole)")
      #expect(model.sites.contains { $0.site == site })
      let shape = try values.tensor(name).shape
      try golden.expect(Self.arranged(value, as: shape, site), name, in: values)
      compared += 1
    }
    #expect(compared > 10)
  }

  /// A packed value as the recording has it: by example, and by head first where that is so.
  private static func arranged(_ value: Tensor<Float>, as shape: [Int], _ site: Site) -> [Float] {
    let elements = value.elements
    // By head: [example, head, position, width].
    guard shape.count == 4, shape[0] * shape[2] == value.rows,
      site == .attentionWeight || shape[0] * shape[1] != value.rows
    else { return elements }
    let (examples, heads, rows, width) = (shape[0], shape[1], shape[2], shape[3])
    return (0..<examples).flatMap { example in
      (0..<heads).flatMap { head in
        (0..<rows).flatMap { row in
          let start = ((example * rows + row) * heads + head) * width
          return elements[start..<start + width]
        }
      }
    }
  }
}
