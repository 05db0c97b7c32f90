internal import Inputs
internal import Tensors

extension EncoderDecoderFamily {
  /// T5 and Flan-T5: relative positions, root-mean-square norms, no biases. From version 1.1 on
  /// networks are gated and the head is a matrix of its own.
  ///
  /// Raffel et al., 2020, <https://arxiv.org/abs/1910.10683>; Shazeer, 2020,
  /// <https://arxiv.org/abs/2002.05202>.
  static let t5 = EncoderDecoderFamily(
    "t5", names: { .t5($0, isGated: $1.blocks[0].mlp.form.isGated) }
  ) { config throws(Refusal) in
    config.ignore("n_positions", "dropout_rate", "dense_act_fn", "is_gated_act")
    let width = try config.int("d_model", default: 512)
    let layers = try config.int("num_layers", default: 6, in: 1...10_000)
    let above = try config.int("num_decoder_layers", default: layers, in: 1...10_000)
    let (heads, headWidth) = (
      try config.int("num_heads", default: 8), try config.int("d_kv", default: 64)
    )
    let buckets = try config.buckets()
    let norm = NormShape.rms(epsilon: try config.epsilon("layer_norm_epsilon", default: 1e-6))
    let mlp = FeedForwardShape(
      width: try config.int("d_ff", default: 2048), try config.feedForward())
    let attention = AttentionShape(heads: heads, headWidth: headWidth, scale: 1)

    func blocks(_ count: Int, isDecoder: Bool) -> [BlockShape] {
      (0..<count).map { layer in
        var own = attention
        own.isCausal = isDecoder
        own.bias = .buckets(
          count: buckets.count, farthest: buckets.farthest, isBidirectional: !isDecoder,
          isOwn: layer == 0)
        var block = BlockShape(norm: norm, attention: own, mlp: mlp)
        if isDecoder {
          block.cross = attention
          block.cross?.isCausal = false
        }
        return block
      }
    }
    // Whether the head is the embedding, of which its input then takes a part, is one flag.
    let isTied = try config.bool("tie_word_embeddings", default: true)
    let isScaled = try config.bool("scale_decoder_outputs", default: isTied)
    var head = DecoderShape.Head(isTied: isScaled)
    if isScaled { head.scale = 1 / Float(width).squareRoot() }
    var front = DecoderShape.Front()
    front.reads = .decoderTokens
    // Distances alone matter, so contexts have no end.
    let (vocabulary, positions) = (try config.int("vocab_size", default: 32_128), 1 << 24)
    return EncoderDecoderShape(
      encoder: DecoderShape(
        width: width, vocabulary: vocabulary, positionCount: positions, front: front,
        blocks: blocks(layers, isDecoder: false), finalNorm: norm, head: .none),
      decoder: DecoderShape(
        width: width, vocabulary: vocabulary, positionCount: positions,
        blocks: blocks(above, isDecoder: true), finalNorm: norm, head: head))
  }
}

extension ConfigReader {
  fileprivate mutating func buckets() throws(Refusal) -> (count: Int, farthest: Int) {
    let count = try int("relative_attention_num_buckets", default: 32, in: 4...1 << 16)
    let farthest = try int("relative_attention_max_distance", default: 128, in: 1...1 << 24)
    // The half of one side's buckets that has one distance each; in a decoder there is one side.
    guard count % 4 == 0, farthest > count / 2 else {
      throw try required("relative_attention_max_distance").refusal(
        "\(farthest) for \(count) buckets",
        expected: "more than half as many buckets, whose number four divides")
    }
    return (count, farthest)
  }

  fileprivate mutating func feedForward() throws(Refusal) -> FeedForwardShape.Form {
    guard let field = try optional("feed_forward_proj") else { return .plain(.relu) }
    switch try field.string() {
    case "relu": return .plain(.relu)
    case "gelu": return .plain(.geluErf)
    case "gelu_new": return .plain(.geluTanh)
    case "silu": return .plain(.silu)
    case "gated-relu": return .gated(.relu)
    case "gated-gelu", "gated-gelu_new": return .gated(.geluTanh)
    case "gated-silu": return .gated(.silu)
    case let other:
      throw field.refusal(
        quoted(other), expected: "relu, gelu, gelu_new or silu, or one of these after gated-")
    }
  }
}

extension ModuleNames {
  fileprivate static func t5(_ stack: Site.Stack, isGated: Bool) -> ModuleNames {
    let isDecoder = stack == .decoder
    let network = isDecoder ? "layer.2" : "layer.1"
    let inner = "\(network).DenseReluDense"
    var embedding: Name = "shared"
    embedding.isOutside = true
    var tree = ModuleTree(
      attention: ["layer.0.SelfAttention"], mlp: [inner], activation: "\(inner).act",
      passing: [
        ("layer.0.dropout", .attentionOutput),
        ("\(inner).dropout", isGated ? .mlpProduct : .mlpActivation),
        ("\(network).dropout", .mlpOutput),
      ], passingBefore: ["dropout"])
    if isDecoder { tree.cross = ["layer.1.EncDecAttention"] }
    return ModuleNames(
      prefix: isDecoder ? "decoder." : "encoder.", blocks: "block",
      stack: [.tokenEmbedding: embedding, .finalNorm: "final_layer_norm", .head: "lm_head"],
      block: [
        .attentionNorm: "layer.0.layer_norm", .query: "layer.0.SelfAttention.q",
        .key: "layer.0.SelfAttention.k", .value: "layer.0.SelfAttention.v",
        .attentionOutput: "layer.0.SelfAttention.o",
        .relativeBias: "layer.0.SelfAttention.relative_attention_bias",
        .crossNorm: "layer.1.layer_norm", .crossQuery: "layer.1.EncDecAttention.q",
        .crossKey: "layer.1.EncDecAttention.k", .crossValue: "layer.1.EncDecAttention.v",
        .crossOutput: "layer.1.EncDecAttention.o", .mlpNorm: Name("\(network).layer_norm"),
        .gate: Name("\(inner).wi_0"), .up: Name(isGated ? "\(inner).wi_1" : "\(inner).wi"),
        .down: Name("\(inner).wo"),
      ],
      buffers: ["embed_tokens.weight", "EncDecAttention.relative_attention_bias.weight"],
      modules: tree)
  }
}
