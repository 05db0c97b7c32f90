internal import Inputs
internal import Tensors

extension Family {
  /// GPT-NeoX and Pythia: rotary positions of a part of each head, and attention and MLP side by side
  /// unless said.
  ///
  /// Black et al., 2022, <https://arxiv.org/abs/2204.06745>;
  /// Biderman et al., 2023, <https://arxiv.org/abs/2304.01373>.
  static let gptNeoX = Family(
    "gpt_neox", names: .gptNeoX,
    gguf: InGGUF(
      "gptneox", keys: ["use_parallel_residual": "use_parallel_residual"],
      names: ModuleNames.ggufFused)
  ) { config throws(Refusal) in
    let isGGUF = config.gguf != nil
    func or<Value>(_ value: Value) -> Value? { isGGUF ? nil : value }
    let width = try config.int("hidden_size", default: or(6144))
    let layers = try config.int("num_hidden_layers", default: or(44), in: 1...10_000)
    let heads = try config.evenHeads("num_attention_heads", width: width, default: 64)
    let isParallel = try config.bool("use_parallel_residual", default: true)
    let norm = NormShape.layer(epsilon: try config.epsilon("layer_norm_eps", default: or(1e-5)))
    let older = try config.optional("rotary_pct")?.double()
    let attention = AttentionShape(
      heads: heads.heads, headWidth: heads.width,
      biases: try config.bool("attention_bias", default: true) ? .all : [],
      rotary: try config.rotary(
        width: heads.width, RotaryDefaults(part: older ?? 0.25), base: "rotary_emb_base"))
    let mlp = FeedForwardShape(
      width: try config.int("intermediate_size", default: or(24_576)),
      .plain(try config.activation("hidden_act", default: .geluErf)), hasBias: true)
    let block = BlockShape(
      isParallel ? .parallel(sharesNorm: false) : .preNorm, norm: norm, attention: attention,
      mlp: mlp)
    return DecoderShape(
      width: width, vocabulary: try config.vocabulary(default: 50_432),
      positionCount: try config.int("max_position_embeddings", default: or(2048)),
      blocks: Array(repeating: block, count: layers), finalNorm: norm,
      head: DecoderShape.Head(isTied: try config.isTied(default: false)))
  }
}

extension ModuleNames {
  fileprivate static let gptNeoX: ModuleNames = {
    let fused = Name(
      "attention.query_key_value", fused: [.query, .key, .value], fusion: .byHead)
    var names = ModuleNames(
      prefix: "gpt_neox.", blocks: "layers",
      stack: [
        .tokenEmbedding: "embed_in", .finalNorm: "final_layer_norm", .head: "embed_out",
      ],
      block: [
        .attentionNorm: "input_layernorm", .query: fused, .key: fused, .value: fused,
        .attentionOutput: "attention.dense", .mlpNorm: "post_attention_layernorm",
        .up: "mlp.dense_h_to_4h", .down: "mlp.dense_4h_to_h",
      ],
      renamed: [(old: "lm_head", new: "embed_out")], buffers: [".attention.bias"],
      modules: ModuleTree(
        attention: ["attention"], activation: "mlp.act",
        passing: [
          ("post_attention_dropout", .attentionOutput), ("post_mlp_dropout", .mlpOutput),
        ], passingBefore: ["emb_dropout"]))
    // So transformers 5 calls the module, whose weight it still saves as embed_out's.
    names.modules.heads = ["lm_head"]
    return names
  }()
}
