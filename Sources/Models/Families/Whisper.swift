internal import Inputs
internal import Tensors

extension EncoderDecoderFamily {
  /// Whisper: an encoder of sounds, whose frames two convolutions make rows of, and a decoder of text.
  ///
  /// Radford et al., 2022, <https://arxiv.org/abs/2212.04356>.
  static let whisper = EncoderDecoderFamily(
    "whisper", names: { stack, _ in .whisper(stack) }
  ) { config throws(Refusal) in
    config.ignore(
      "apply_spec_augment", "mask_feature_length", "mask_feature_min_masks", "mask_feature_prob",
      "mask_time_length", "mask_time_min_masks", "mask_time_prob", "median_filter_width",
      "classifier_proj_size", "use_weighted_layer_sum", "encoder_layerdrop", "decoder_layerdrop",
      "activation_dropout", "num_hidden_layers", "forced_decoder_ids", "alignment_heads",
      "lang_to_id", "scale_embedding")
    let width = try config.int("d_model", default: 384)
    let norm = NormShape.layer(epsilon: 1e-5)
    let activation = try config.activation("activation_function", default: .geluErf)

    func blocks(_ side: String) throws(Refusal) -> [BlockShape] {
      let layers = try config.int("\(side)_layers", default: 4, in: 1...10_000)
      let heads = try config.evenHeads("\(side)_attention_heads", width: width, default: 6)
      // Keys have none, since it would shift all of a query's scores alike.
      var attention = AttentionShape(
        heads: heads.heads, headWidth: heads.width, biases: [.query, .value, .output])
      attention.isCausal = side == "decoder"
      var block = BlockShape(
        norm: norm, attention: attention,
        mlp: FeedForwardShape(
          width: try config.int("\(side)_ffn_dim", default: 1536), .plain(activation),
          hasBias: true))
      if side == "decoder" {
        attention.isCausal = false
        block.cross = attention
      }
      return Array(repeating: block, count: layers)
    }
    let vocabulary = try config.int("vocab_size", default: 51_865)
    var front = DecoderShape.Front(hasPositions: true)
    front.reads = .frames(FrameShape(channels: try config.int("num_mel_bins", default: 80)))
    return EncoderDecoderShape(
      encoder: DecoderShape(
        width: width, vocabulary: vocabulary,
        positionCount: try config.int("max_source_positions", default: 1500), front: front,
        blocks: try blocks("encoder"), finalNorm: norm, head: .none),
      decoder: DecoderShape(
        width: width, vocabulary: vocabulary,
        positionCount: try config.int("max_target_positions", default: 448),
        front: DecoderShape.Front(hasPositions: true), blocks: try blocks("decoder"),
        finalNorm: norm,
        head: DecoderShape.Head(isTied: try config.bool("tie_word_embeddings", default: true))))
  }
}

extension ModuleNames {
  fileprivate static func whisper(_ stack: Site.Stack) -> ModuleNames {
    let isDecoder = stack == .decoder
    var tree = ModuleTree(attention: ["self_attn"], mlp: [], activation: "activation_fn")
    if isDecoder { tree.cross = ["encoder_attn"] }
    return ModuleNames(
      prefix: isDecoder ? "model.decoder." : "model.encoder.", blocks: "layers",
      stack: [
        .tokenEmbedding: "embed_tokens", .positionEmbedding: "embed_positions",
        .firstConvolution: "conv1", .secondConvolution: "conv2", .finalNorm: "layer_norm",
        .head: "proj_out",
      ],
      block: [
        .attentionNorm: "self_attn_layer_norm", .query: "self_attn.q_proj",
        .key: "self_attn.k_proj", .value: "self_attn.v_proj",
        .attentionOutput: "self_attn.out_proj", .crossNorm: "encoder_attn_layer_norm",
        .crossQuery: "encoder_attn.q_proj", .crossKey: "encoder_attn.k_proj",
        .crossValue: "encoder_attn.v_proj", .crossOutput: "encoder_attn.out_proj",
        .mlpNorm: "final_layer_norm", .up: "fc1", .down: "fc2",
      ], modules: tree)
  }
}
