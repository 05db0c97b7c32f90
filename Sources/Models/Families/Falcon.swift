internal import Foundation
internal import Inputs
internal import Tensors

extension Family {
  /// Falcon, in its forms: one head of keys and values or several, attention and MLP side by side or
  /// not, rotary positions or slopes.
  ///
  /// Almazrouei et al., 2023, <https://arxiv.org/abs/2311.16867>.
  static let falcon = Family(
    "falcon", names: .falcon,
    gguf: InGGUF(
      "falcon", keys: falconKeys, names: ModuleNames.ggufFused,
      parallel: [.attentionNorm: "attn_norm_2", .mlpNorm: "attn_norm"])
  ) { config throws(Refusal) in
    let isGGUF = config.gguf != nil
    let own = try config.int("hidden_size", default: isGGUF ? nil : 4544)
    let width = try config.int("n_embed", default: own)
    // transformers does not follow it.
    config.ignore("apply_residual_connection_post_layernorm")
    let layers = try config.int(
      "num_hidden_layers", default: isGGUF ? nil : 32, in: 1...10_000)
    let heads = try config.evenHeads("num_attention_heads", width: width, default: 71)
    // llama.cpp has the forms without slopes, where heads of keys tell them apart.
    let isNew = try config.bool("new_decoder_architecture", default: isGGUF)
    let isMultiQuery = try config.bool("multi_query", default: true)
    let isParallel = try config.bool("parallel_attn", default: true)
    let hasBias = try config.bool("bias", default: false)
    let several = try config.int("num_kv_heads", default: heads.heads, in: 1...heads.heads)
    let keyHeads = isNew || !isMultiQuery ? several : 1
    guard heads.heads % keyHeads == 0, isNew || isMultiQuery || keyHeads == heads.heads else {
      throw try config.required("num_kv_heads").refusal(
        "\(keyHeads) for \(heads.heads) heads", expected: "a divisor")
    }
    var attention = AttentionShape(
      heads: heads.heads, keyHeads: keyHeads, headWidth: heads.width,
      biases: hasBias ? .all : [])
    let rotary = try config.rotary(width: heads.width)
    if try config.bool("alibi", default: false) {
      // The slopes and their multiples are rounded to bfloat16, and scaled like products.
      attention.bias = .linear(
        LinearBias(
          slopes: LinearBias.slopes(heads.heads), factor: attention.scale, isRounded: true))
    } else {
      attention.rotary = rotary
    }
    let norms = try config.int(
      "num_ln_in_parallel_attn",
      default: config.has("blk.0.attn_norm_2.weight") ?? isNew ? 2 : 1, in: 1...2)
    let norm = NormShape.layer(
      epsilon: try config.epsilon("layer_norm_epsilon", default: isGGUF ? nil : 1e-5))
    let order: BlockShape.Order =
      isParallel || isNew ? .parallel(sharesNorm: norms == 1 || !isNew) : .preNorm
    let mlp = FeedForwardShape(
      width: try config.int("ffn_hidden_size", default: 4 * width),
      .plain(try config.activation("activation", default: .geluErf)), hasBias: hasBias)
    let block = BlockShape(order, norm: norm, attention: attention, mlp: mlp)
    return DecoderShape(
      width: width, vocabulary: try config.vocabulary(default: 65_024),
      positionCount: try config.int("max_position_embeddings", default: isGGUF ? nil : 2048),
      blocks: Array(repeating: block, count: layers), finalNorm: norm,
      head: DecoderShape.Head(isTied: try config.isTied(default: true)))
  }

  private static let falconKeys = [
    "num_kv_heads": "attention.head_count_kv", "ffn_hidden_size": "feed_forward_length",
    "layer_norm_epsilon": "attention.layer_norm_epsilon",
  ]
}

extension ModuleNames {
  fileprivate static let falcon: ModuleNames = {
    var names = falconAndBloom
    names.parallel = [.attentionNorm: "ln_attn", .mlpNorm: "ln_mlp"]
    return names
  }()

  /// What Falcon and BLOOM share.
  static let falconAndBloom = ModuleNames(
    prefix: "transformer.", blocks: "h",
    stack: [.tokenEmbedding: "word_embeddings", .finalNorm: "ln_f", .head: "lm_head"],
    block: [
      .attentionNorm: "input_layernorm", .attentionOutput: "self_attention.dense",
      .mlpNorm: "post_attention_layernorm", .up: "mlp.dense_h_to_4h", .down: "mlp.dense_4h_to_h",
    ],
    modules: ModuleTree(attention: ["self_attention"], activation: "mlp.act")
  ).with(
    projections(
      Name("self_attention.query_key_value", fused: [.query, .key, .value], fusion: .byHead)))
}
