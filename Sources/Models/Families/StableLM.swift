internal import Inputs
internal import Tensors

extension Family {
  /// StableLM: Llama with layer norms, rotary positions of a part of each head.
  ///
  /// Bellagente et al., 2024, <https://arxiv.org/abs/2402.17834>.
  static let stableLM = Family(
    "stablelm", names: .stableLM,
    gguf: InGGUF(
      "stablelm",
      names: [
        .queryNorm: ModuleNames.Name("attn_q_norm", isStacked: true),
        .keyNorm: ModuleNames.Name("attn_k_norm", isStacked: true),
      ])
  ) { config throws(Refusal) in
    // In GGUF the tensors tell.
    let isNormed = config.has("blk.0.ffn_norm.weight")
    let isParallel = try config.bool(
      "use_parallel_residual", default: isNormed.map { !$0 } ?? false)
    let usual = ConfigReader.LlamaDefaults(
      width: 2560, mlpWidth: 6912, vocabulary: 50_304, positions: 4096, part: 0.25)
    var shape = try config.layerNormShape(
      usual, order: isParallel ? .parallel(sharesNorm: true) : .preNorm)
    let hasBias = try config.bool("use_qkv_bias", default: false)
    let hasNorms = try config.bool(
      "qk_layernorm", default: config.has("blk.0.attn_q_norm.weight") ?? false)
    for layer in shape.blocks.indices {
      if config.json != nil { shape.blocks[layer].attention.biases = hasBias ? .input : [] }
      if hasNorms {
        var norm = shape.blocks[layer].norm
        norm.hasBias = false
        shape.blocks[layer].attention.norms = .eachHead(norm)
      }
    }
    return shape
  }
}

extension ModuleNames {
  fileprivate static let stableLM = llama.with([
    .queryNorm: "self_attn.q_layernorm.norms.{expert}",
    .keyNorm: "self_attn.k_layernorm.norms.{expert}",
  ])
}
