internal import Inputs
internal import Tensors

extension Family {
  /// ESM-2: an encoder of proteins with rotary or learned positions, whose token embeddings are scaled
  /// by how many of a sequence's tokens are masked.
  ///
  /// Lin et al., 2023, <https://doi.org/10.1126/science.ade2574>.
  static let esm = Family("esm", names: .esm) { config throws(Refusal) in
    config.ignore("esmfold_config", "vocab_list")
    try config.require("add_cross_attention", false, because: "an encoder")
    try config.require("is_folding_model", false, because: "a language model")
    try config.require("is_decoder", false, because: "an encoder")
    let kind = try config.optional("position_embedding_type")
    let positions = try kind?.string() ?? "absolute"
    guard ["absolute", "rotary"].contains(positions) else {
      throw try config.required("position_embedding_type").refusal(
        quoted(positions), expected: "absolute or rotary")
    }
    let width = try config.int("hidden_size", default: 768)
    let layers = try config.int("num_hidden_layers", default: 12, in: 1...10_000)
    let heads = try config.evenHeads("num_attention_heads", width: width, default: 12)
    let norm = NormShape.layer(epsilon: try config.epsilon("layer_norm_eps", default: 1e-12))
    let rotary = try config.rotary(width: heads.width)
    var attention = AttentionShape(
      heads: heads.heads, headWidth: heads.width, biases: .all,
      rotary: positions == "rotary" ? rotary : nil)
    attention.isCausal = false
    var block = BlockShape(
      norm: norm, attention: attention,
      mlp: FeedForwardShape(
        width: try config.int("intermediate_size", default: 3072), .plain(.geluErf),
        hasBias: true))
    // The published modules hold norm and sum.
    (block.attentionSpan, block.mlpSpan) = (.stream, .stream)
    var front = DecoderShape.Front(hasPositions: positions == "absolute")
    if try config.bool("emb_layer_norm_before", default: false) { front.norm = norm }
    if try config.bool("token_dropout", default: false) {
      front.masking = .init(
        token: try config.int("mask_token_id", in: 0...1 << 24), ratio: 0.15 * 0.8)
    }
    let padding = try config.int("pad_token_id", default: 1, in: 0...1 << 20)
    var count = try config.int("max_position_embeddings", default: 1026)
    if front.hasPositions {
      (front.positionOffset, front.padding) = (padding + 1, padding)
      count = max(1, count - padding - 1)
    }
    var head = DecoderShape.Head(isTied: try config.bool("tie_word_embeddings", default: true))
    head.hasBias = true
    head.transform = .init(.geluErf, norm: norm)
    if !(try config.savedClass(among: ["EsmForMaskedLM"])) { head = .none }
    return DecoderShape(
      width: width, vocabulary: try config.int("vocab_size"), positionCount: count, front: front,
      blocks: Array(repeating: block, count: layers), finalNorm: norm, head: head)
  }
}

extension ModuleNames {
  fileprivate static let esm = ModuleNames(
    prefix: "esm.", blocks: "encoder.layer",
    stack: [
      .tokenEmbedding: "embeddings.word_embeddings",
      .positionEmbedding: "embeddings.position_embeddings",
      .embeddingNorm: "embeddings.layer_norm", .finalNorm: "encoder.emb_layer_norm_after",
      .headTransform: "lm_head.dense", .headNorm: "lm_head.layer_norm",
      .head: Name("lm_head", weight: ".decoder.weight"),
    ],
    block: [
      .attentionNorm: "attention.LayerNorm", .query: "attention.self.query",
      .key: "attention.self.key", .value: "attention.self.value",
      .attentionOutput: "attention.output.dense", .mlpNorm: "LayerNorm",
      .up: "intermediate.dense", .down: "output.dense",
    ],
    renamed: [
      (".LayerNorm.gamma", ".LayerNorm.weight"), (".LayerNorm.beta", ".LayerNorm.bias"),
    ],
    buffers: [
      "position_ids", "rotary_embeddings.inv_freq", "embeddings.position_embeddings.weight",
      "contact_head.regression.weight", "contact_head.regression.bias",
      "pooler.dense.weight", "pooler.dense.bias",
    ],
    modules: ModuleTree(
      attention: [],
      listed: [
        "input": .blockInput, "attention.input": .attentionInput,
        "attention.self.query.output": .queryOutput, "attention.self.key.input": .keyInput,
        "attention.self.key.output": .keyOutput, "attention.self.value.input": .valueInput,
        "attention.self.value.output": .valueOutput, "attention.self.output": .attentionValueOutput,
        "attention.output.input": .attentionValueOutput,
        "attention.output.dense.input": .attentionValueOutput,
        "attention.output.output": .attentionOutput, "attention.output": .attentionOutput,
        "intermediate.input": .mlpInput, "intermediate.dense.input": .mlpInput,
        "intermediate.dense.output": .mlpPreactivation, "intermediate.output": .mlpActivation,
        "output.input": .mlpActivation, "output.dense.input": .mlpActivation,
        "output.output": .mlpOutput, "output": .blockOutput,
      ]))
}
