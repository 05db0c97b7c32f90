internal import Inputs
internal import Tensors

extension Family {
  /// BERT: rows see each other, norms after the sums.
  ///
  /// Devlin et al., 2019, <https://arxiv.org/abs/1810.04805>.
  static let bert = Family("bert", names: .bert) { config throws(Refusal) in
    try config.require("is_decoder", false, because: "an encoder")
    let segments = try config.int("type_vocab_size", default: 2)
    return try config.encoderShape(
      head: ["BertForMaskedLM", "BertForPreTraining"], segments: segments)
  }

  /// RoBERTa: BERT with positions from past the padding token on, and a head of its own.
  ///
  /// Liu et al., 2019, <https://arxiv.org/abs/1907.11692>.
  static let roberta = Family("roberta", names: .roberta) { config throws(Refusal) in
    try config.require("is_decoder", false, because: "an encoder")
    let segments = try config.int("type_vocab_size", default: 2)
    let padding = try config.int("pad_token_id", default: 1, in: 0...1 << 20)
    var shape = try config.encoderShape(head: ["RobertaForMaskedLM"], segments: segments)
    shape.head.transform?.activation = .geluErf
    (shape.front.positionOffset, shape.front.padding) = (padding + 1, padding)
    guard shape.positionCount > padding + 1 else {
      throw try config.required("max_position_embeddings").refusal(
        "\(shape.positionCount)", expected: "more than the \(padding + 1) of padding")
    }
    shape.positionCount -= padding + 1
    return shape
  }
}

extension ConfigReader {
  /// What a family calls an encoder's fields.
  struct EncoderKeys {
    var width = "hidden_size", layers = "num_hidden_layers", heads = "num_attention_heads"
    var mlp = "intermediate_size", activation = "hidden_act"
    var epsilon: String? = "layer_norm_eps"
  }

  /// - Parameters:
  ///   - heads: The classes that have an output head; others give the last stream, and
  ///     open if their files hold no head of their own.
  ///   - segments: Kinds of segments.
  mutating func encoderShape(
    keys: EncoderKeys = EncoderKeys(), layers usual: Int = 12, head classes: [String], segments: Int
  ) throws(Refusal) -> DecoderShape {
    try require("add_cross_attention", false, because: "an encoder")
    if let kind = try optional("position_embedding_type"), try kind.string() != "absolute" {
      throw kind.refusal(quoted(try kind.string()), expected: "absolute")
    }
    let width = try int(keys.width, default: 768)
    let layers = try int(keys.layers, default: usual, in: 1...10_000)
    let heads = try evenHeads(keys.heads, width: width, default: 12)
    var epsilon: Float = 1e-12
    if let key = keys.epsilon { epsilon = try self.epsilon(key, default: epsilon) }
    let activation = try activation(keys.activation, default: .geluErf)
    let norm = NormShape.layer(epsilon: epsilon)
    var attention = AttentionShape(heads: heads.heads, headWidth: heads.width, biases: .all)
    attention.isCausal = false
    var block = BlockShape(
      .postNorm, norm: norm, attention: attention,
      mlp: FeedForwardShape(
        width: try int(keys.mlp, default: 3072), .plain(activation), hasBias: true))
    block.attentionSpan = .stream
    var front = DecoderShape.Front(hasPositions: true)
    front.segments = segments
    front.norm = norm
    var head = DecoderShape.Head(isTied: try bool("tie_word_embeddings", default: true))
    head.hasBias = true
    head.transform = .init(activation, norm: norm)
    if !(try savedClass(among: classes)) { head = .none }
    return DecoderShape(
      width: width, vocabulary: try int("vocab_size", default: 30_522),
      positionCount: try int("max_position_embeddings", default: 512), front: front,
      blocks: Array(repeating: block, count: layers), finalNorm: nil, head: head)
  }

  /// Whether the weights were saved from one of those classes; so it is where none is named.
  mutating func savedClass(among classes: [String]) throws(Refusal) -> Bool {
    guard case .json(let list) = try optional("architectures") else { return true }
    for item in try list.items() where classes.contains(try item.string()) { return true }
    return try list.items().isEmpty
  }
}

extension ModuleNames {
  fileprivate static let bert = ModuleNames(
    prefix: "bert.", blocks: "encoder.layer",
    stack: [
      .tokenEmbedding: "embeddings.word_embeddings",
      .positionEmbedding: "embeddings.position_embeddings",
      .segmentEmbedding: "embeddings.token_type_embeddings",
      .embeddingNorm: "embeddings.LayerNorm",
      .headTransform: "cls.predictions.transform.dense",
      .headNorm: "cls.predictions.transform.LayerNorm",
      .head: Name("cls.predictions", weight: ".decoder.weight", untiedBias: ".decoder.bias"),
    ],
    block: [
      .query: "attention.self.query", .key: "attention.self.key", .value: "attention.self.value",
      .attentionOutput: "attention.output.dense", .attentionNorm: "attention.output.LayerNorm",
      .up: "intermediate.dense", .down: "output.dense", .mlpNorm: "output.LayerNorm",
    ],
    renamed: [
      (".LayerNorm.gamma", ".LayerNorm.weight"), (".LayerNorm.beta", ".LayerNorm.bias"),
    ],
    buffers: [
      "position_ids", "cls.predictions.bias", "cls.predictions.decoder.bias", "lm_head.bias",
      "lm_head.decoder.bias", "pooler.dense.weight", "pooler.dense.bias",
      "cls.seq_relationship.weight", "cls.seq_relationship.bias",
    ],
    modules: ModuleTree(attention: [], listed: encoderPaths))

  /// The paths of BERT and RoBERTa.
  fileprivate static let encoderPaths: KeyValuePairs<String, Site> = [
    "input": .blockInput, "attention.input": .attentionInput,
    "attention.self.input": .attentionInput, "attention.self.query.input": .attentionInput,
    "attention.self.query.output": .queryOutput, "attention.self.key.input": .keyInput,
    "attention.self.key.output": .keyOutput, "attention.self.value.input": .valueInput,
    "attention.self.value.output": .valueOutput, "attention.self.output": .attentionValueOutput,
    "attention.output.dense.input": .attentionValueOutput,
    "attention.output.dense.output": .attentionProjectionOutput,
    "attention.output.dropout.output": .attentionProjectionOutput,
    "attention.output.LayerNorm.output": .attentionOutput,
    "attention.output.output": .attentionOutput, "attention.output": .attentionOutput,
    "intermediate.input": .mlpInput, "intermediate.dense.input": .mlpInput,
    "intermediate.dense.output": .mlpPreactivation, "intermediate.output": .mlpActivation,
    "output.dense.input": .mlpActivation, "output.dense.output": .mlpOutput,
    "output.dropout.output": .mlpOutput, "output.LayerNorm.output": .blockOutput,
    "output.output": .blockOutput, "output": .blockOutput,
  ]

  fileprivate static let roberta: ModuleNames = {
    var names = bert
    names.prefix = "roberta."
    names.stack[.headTransform] = "lm_head.dense"
    names.stack[.headNorm] = "lm_head.layer_norm"
    names.stack[.head] = Name("lm_head", weight: ".decoder.weight", untiedBias: ".decoder.bias")
    return names
  }()
}
