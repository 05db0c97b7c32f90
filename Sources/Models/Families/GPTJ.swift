internal import Inputs
internal import Tensors

extension Family {
  /// GPT-J: attention and MLP side by side on one norm, rotary pairs of neighbours.
  ///
  /// Wang and Komatsuzaki, 2021, <https://github.com/kingoflolz/mesh-transformer-jax>.
  static let gptJ = Family("gptj", names: .gptJ) { config throws(Refusal) in
    let width = try config.int("n_embd", default: 4096)
    let layers = try config.int("n_layer", default: 28, in: 1...10_000)
    let heads = try config.evenHeads("n_head", width: width, default: 16)
    config.ignore("n_ctx", "scale_attn_weights", "rotary")
    let norm = NormShape.layer(epsilon: try config.epsilon("layer_norm_epsilon", default: 1e-5))
    let turning = try config.int("rotary_dim", default: min(64, heads.width), in: 2...heads.width)
    let attention = AttentionShape(
      heads: heads.heads, headWidth: heads.width,
      rotary: RotaryShape(
        frequencies: RotaryScaling.plain(base: 10_000, width: turning), isPaired: true))
    let mlp = FeedForwardShape(
      width: try config.int("n_inner", default: 4 * width),
      .plain(try config.activation("activation_function", default: .geluTanh)), hasBias: true)
    let block = BlockShape(
      .parallel(sharesNorm: true), norm: norm, attention: attention, mlp: mlp)
    var head = DecoderShape.Head(isTied: try config.isTied(default: false))
    head.hasBias = true
    return DecoderShape(
      width: width, vocabulary: try config.int("vocab_size", default: 50_400),
      positionCount: try config.int("n_positions", default: 2048),
      blocks: Array(repeating: block, count: layers), finalNorm: norm, head: head)
  }
}

extension ModuleNames {
  fileprivate static let gptJ = ModuleNames(
    prefix: "transformer.", blocks: "h",
    stack: [.tokenEmbedding: "wte", .finalNorm: "ln_f", .head: "lm_head"],
    block: [
      .attentionNorm: "ln_1", .query: "attn.q_proj", .key: "attn.k_proj", .value: "attn.v_proj",
      .attentionOutput: "attn.out_proj", .up: "mlp.fc_in", .down: "mlp.fc_out",
    ],
    modules: ModuleTree(
      attention: ["attn"], activation: "mlp.act",
      passing: [("attn.resid_dropout", .attentionOutput), ("mlp.dropout", .mlpOutput)],
      passingBefore: ["drop"]))
}
