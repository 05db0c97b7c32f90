internal import Inputs
internal import Tensors

extension Family {
  /// Phi-1, 1.5 and 2: attention and MLP side by side on one norm, rotary positions of a part of each
  /// head.
  ///
  /// Li et al., 2023, <https://arxiv.org/abs/2309.05463>.
  static let phi = Family(
    "phi", names: .phi, gguf: InGGUF("phi2", names: ModuleNames.ggufFused)
  ) { config throws(Refusal) in
    let usual = ConfigReader.LlamaDefaults(
      width: 2048, mlpWidth: 8192, layers: 24, heads: 32, vocabulary: 51_200,
      activation: .geluTanh, biases: .all, part: 0.5)
    var shape = try config.layerNormShape(usual, order: .parallel(sharesNorm: true))
    if try config.bool("qk_layernorm", default: false) {
      for layer in shape.blocks.indices {
        shape.blocks[layer].attention.norms = .head(shape.blocks[layer].norm)
      }
    }
    shape.head.hasBias = true
    for layer in shape.blocks.indices {
      shape.blocks[layer].mlp.form = .plain(shape.blocks[layer].mlp.form.activation)
      shape.blocks[layer].mlp.hasBias = true
      shape.blocks[layer].attention.biases = .all
    }
    return shape
  }
}

extension ConfigReader {
  /// A shape that is built like Llama's with layer norms.
  mutating func layerNormShape(
    _ usual: LlamaDefaults, order: BlockShape.Order
  ) throws(Refusal) -> DecoderShape {
    let norm = NormShape.layer(
      epsilon: try epsilon("layer_norm_eps", default: gguf == nil ? 1e-5 : nil))
    var shape = try llamaShape(usual, norm: norm)
    for layer in shape.blocks.indices { shape.blocks[layer].order = order }
    return shape
  }
}

extension ModuleNames {
  fileprivate static let phi: ModuleNames = {
    var names = llama.with([
      .attentionOutput: "self_attn.dense", .up: "mlp.fc1", .down: "mlp.fc2",
      .queryNorm: "self_attn.q_layernorm", .keyNorm: "self_attn.k_layernorm",
    ])
    names.stack[.finalNorm] = "final_layernorm"
    names.modules = ModuleTree(
      attention: ["self_attn"], activation: "mlp.activation_fn", passingBefore: ["embed_dropout"])
    return names
  }()
}
