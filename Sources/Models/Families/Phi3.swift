internal import Inputs
internal import Tensors

extension Family {
  /// Phi-3 and 4: Llama with fused projections.
  ///
  /// Abdin et al., 2024, <https://arxiv.org/abs/2404.14219>.
  static let phi3 = Family(
    "phi3", names: .phi3, gguf: InGGUF("phi3", names: ModuleNames.ggufPhi3)
  ) { config throws(Refusal) in
    config.ignore("interpolate_factor")
    try config.require("lm_head_bias", false, because: "a head without a bias")
    var shape = try config.llamaShape(
      ConfigReader.LlamaDefaults(
        width: 3072, mlpWidth: 8192, vocabulary: 32_064, positions: 4096, epsilon: 1e-5,
        originalPositions: 4096))
    if let window = try config.window() {
      for layer in shape.blocks.indices { shape.blocks[layer].attention.window = window }
    }
    return shape
  }
}

extension ModuleNames {
  private static func fused(_ projection: String, _ mlp: String) -> [BlockModule: Name] {
    let projection = Name(projection, fused: [.query, .key, .value])
    let mlp = Name(mlp, fused: [.gate, .up])
    return [.query: projection, .key: projection, .value: projection, .gate: mlp, .up: mlp]
  }

  fileprivate static let phi3: ModuleNames = {
    var names = llama.with(fused("self_attn.qkv_proj", "mlp.gate_up_proj"))
    names.modules = ModuleTree(
      attention: ["self_attn"], activation: "mlp.activation_fn",
      passing: [
        ("resid_attn_dropout", .attentionOutput), ("resid_mlp_dropout", .mlpOutput),
      ])
    return names
  }()

  fileprivate static let ggufPhi3 = fused("attn_qkv", "ffn_up")
}
