internal import Inputs
internal import Tensors

extension Family {
  /// gpt-oss: experts, a score for attending to nothing, windows in every other layer, YaRN.
  ///
  /// OpenAI, 2025, <https://arxiv.org/abs/2508.10925>.
  static let gptOSS = Family(
    "gpt_oss", names: .gptOSS,
    gguf: InGGUF("gpt-oss", names: ModuleNames.ggufOSS)
  ) { config throws(Refusal) in
    var shape = try config.llamaShape(
      ConfigReader.LlamaDefaults(
        width: 2880, mlpWidth: 2880, layers: 36, heads: 64, keyHeads: 8, headWidth: 64,
        vocabulary: 201_088, positions: 131_072, epsilon: 1e-5, theta: 150_000, biases: .all,
        yarn: (32, 4096)))
    config.ignore("initial_context_length", "experts_per_token")
    let count = try config.int("num_local_experts", default: 128, in: 1...1 << 16)
    let experts = FeedForwardShape.Experts(
      count: count, used: try config.int("num_experts_per_tok", default: 4, in: 1...count),
      isNormalised: true, hasRouterBias: true)
    let width =
      config.gguf == nil
      ? shape.mlpWidth : try config.int("moe_intermediate_size", default: shape.mlpWidth)
    let form = FeedForwardShape.Form.clamped(
      alpha: try config.float("swiglu_alpha", default: 1.702),
      limit: try config.float("swiglu_limit", default: 7))
    let window = try config.int("sliding_window", default: 128, in: 1...1 << 30)
    let named = try config.windowed(shape.layers)
    for layer in shape.blocks.indices {
      shape.blocks[layer].mlp = FeedForwardShape(
        width: width, form, hasBias: true, experts: experts)
      shape.blocks[layer].attention.hasSinks = true
      shape.blocks[layer].attention.window = named?[layer] ?? (layer % 2 == 0) ? window : nil
    }
    return shape
  }
}

extension ModuleNames {
  fileprivate static let gptOSS: ModuleNames = {
    let fused = Name(
      "mlp.experts.gate_up_proj", weight: "", bias: "_bias", order: .inputsByOutputs,
      fused: [.gate, .up], fusion: .alternating, isStacked: true)
    return llama.with([
      .sinks: Name("self_attn.sinks", weight: ""), .router: "mlp.router", .gate: fused, .up: fused,
      .down: Name(
        "mlp.experts.down_proj", weight: "", bias: "_bias", order: .inputsByOutputs,
        isStacked: true),
    ])
  }()

  fileprivate static let ggufOSS = ggufExperts.merging([
    .mlpNorm: "post_attention_norm", .sinks: "attn_sinks",
  ]) { $1 }
}
