internal import Inputs
internal import Tensors

extension Family {
  /// StarCoder 2: grouped queries and rotary positions as in Llama, layer norms and a plain MLP as in
  /// GPT-2.
  ///
  /// Lozhkov et al., 2024, <https://arxiv.org/abs/2402.19173>.
  static let starCoder2 = Family(
    "starcoder2", names: .starCoder2,
    gguf: InGGUF("starcoder2", keys: ["norm_epsilon": "attention.layer_norm_epsilon"])
  ) { config throws(Refusal) in
    let norm = NormShape.layer(
      epsilon: try config.epsilon("norm_epsilon", default: config.gguf == nil ? 1e-5 : nil))
    let usual = ConfigReader.LlamaDefaults(
      width: 3072, mlpWidth: 12_288, layers: 30, heads: 24, keyHeads: 2, vocabulary: 49_152,
      positions: 4096, activation: .geluTanh, isTied: true)
    var shape = try config.llamaShape(usual, norm: norm)
    let hasBias = try config.bool("use_bias", default: true)
    config.ignore("residual_dropout", "embedding_dropout", "mlp_type", "norm_type")
    let window = try config.optional("sliding_window")?.int(in: 1...1 << 30)
    for layer in shape.blocks.indices {
      shape.blocks[layer].mlp.form = .plain(
        config.gguf == nil ? shape.blocks[layer].mlp.form.activation : .geluTanh)
      shape.blocks[layer].mlp.hasBias = hasBias
      shape.blocks[layer].attention.biases = hasBias ? .all : []
      shape.blocks[layer].attention.window = window
    }
    return shape
  }
}

extension ModuleNames {
  fileprivate static let starCoder2: ModuleNames = {
    var names = llama.with([.up: "mlp.c_fc", .down: "mlp.c_proj"])
    names.modules = ModuleTree(attention: ["self_attn"], activation: "mlp.act")
    return names
  }()
}
