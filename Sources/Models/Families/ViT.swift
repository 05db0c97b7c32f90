internal import Inputs
internal import Tensors

extension Family {
  /// ViT: an encoder of an image's patches, which it classifies by a row of its own.
  ///
  /// Dosovitskiy et al., 2021, <https://arxiv.org/abs/2010.11929>.
  static let vit = Family("vit", names: .vit) { config throws(Refusal) in
    config.ignore("encoder_stride", "pooler_act", "pooler_output_size")
    let width = try config.int("hidden_size", default: 768)
    let layers = try config.int("num_hidden_layers", default: 12, in: 1...10_000)
    let heads = try config.evenHeads("num_attention_heads", width: width, default: 12)
    let norm = NormShape.layer(epsilon: try config.epsilon("layer_norm_eps", default: 1e-12))
    let hasBias = try config.bool("qkv_bias", default: true)
    var attention = AttentionShape(
      heads: heads.heads, headWidth: heads.width, biases: hasBias ? .all : .output)
    attention.isCausal = false
    let block = BlockShape(
      norm: norm, attention: attention,
      mlp: FeedForwardShape(
        width: try config.int("intermediate_size", default: 3072),
        .plain(try config.activation("hidden_act", default: .geluErf)), hasBias: true))
    let patches = try config.patches()
    var front = DecoderShape.Front(hasPositions: true)
    front.reads = .patches(patches)
    var head = DecoderShape.Head(isTied: false)
    (head.hasBias, head.isOfFirstRow) = (true, true)
    if !(try config.savedClass(among: ["ViTForImageClassification"])) { head = .none }
    return DecoderShape(
      width: width, vocabulary: try config.classCount(), positionCount: patches.count + 1,
      front: front, blocks: Array(repeating: block, count: layers), finalNorm: norm, head: head)
  }
}

extension ConfigReader {
  fileprivate mutating func patches() throws(Refusal) -> PatchShape {
    let image = try sides("image_size", default: 224)
    let patch = try sides("patch_size", default: 16)
    guard patch.height <= image.height, patch.width <= image.width else {
      throw try required("patch_size").refusal(
        "\(patch.height) by \(patch.width)",
        expected: "at most the image's \(image.height) by \(image.width)")
    }
    return PatchShape(
      channels: try int("num_channels", default: 3, in: 1...1 << 12), height: image.height,
      width: image.width, patchHeight: patch.height, patchWidth: patch.width)
  }

  /// A height and a width, or one number for both.
  private mutating func sides(
    _ key: String, default usual: Int
  ) throws(Refusal) -> (height: Int, width: Int) {
    let range = 1...1 << 14
    guard case .json(let field) = try optional(key), case .array = field.value else {
      let side = try int(key, default: usual, in: range)
      return (side, side)
    }
    let items = try field.items()
    guard items.count == 2 else {
      throw field.refusal("\(items.count) numbers", expected: "a height and a width")
    }
    return (try items[0].int(in: range), try items[1].int(in: range))
  }

  /// The classes of a classifier, as many as have labels.
  mutating func classCount() throws(Refusal) -> Int {
    if case .json(let labels) = try optional("id2label") {
      let count = try labels.members().count
      guard (1...1 << 20).contains(count) else {
        throw labels.refusal("\(count) classes", expected: "1 to \(1 << 20)")
      }
      return count
    }
    return try int("num_labels", default: 2, in: 1...1 << 20)
  }
}

extension ModuleNames {
  fileprivate static let vit: ModuleNames = {
    // Files have other names than the modules of transformers from version 5 on.
    var tree = ModuleTree(
      attention: [],
      listed: [
        "input": .blockInput, "layernorm_before.input": .blockInput,
        "layernorm_before.output": .attentionInput, "attention.input": .attentionInput,
        "attention.q_proj.input": .attentionInput, "attention.q_proj.output": .queryOutput,
        "attention.k_proj.input": .keyInput, "attention.k_proj.output": .keyOutput,
        "attention.v_proj.input": .valueInput, "attention.v_proj.output": .valueOutput,
        "attention.o_proj.input": .attentionValueOutput,
        "attention.o_proj.output": .attentionOutput, "attention.output": .attentionOutput,
        "layernorm_after.input": .residualMiddle, "layernorm_after.output": .mlpInput,
        "mlp.input": .mlpInput, "mlp.fc1.input": .mlpInput, "mlp.fc1.output": .mlpPreactivation,
        "mlp.activation_fn.input": .mlpPreactivation, "mlp.activation_fn.output": .mlpActivation,
        "mlp.fc2.input": .mlpActivation, "mlp.fc2.output": .mlpOutput, "mlp.output": .mlpOutput,
        "output": .blockOutput,
      ])
    tree.blocks = "layers"
    tree.passingBefore = ["embeddings.dropout"]
    tree.older = [
      "input": .blockInput, "layernorm_before.input": .blockInput,
      "layernorm_before.output": .attentionInput, "attention.input": .attentionInput,
      "attention.attention.input": .attentionInput,
      "attention.attention.query.input": .attentionInput,
      "attention.attention.query.output": .queryOutput,
      "attention.attention.key.input": .keyInput, "attention.attention.key.output": .keyOutput,
      "attention.attention.value.input": .valueInput,
      "attention.attention.value.output": .valueOutput,
      "attention.attention.output": .attentionValueOutput,
      "attention.output.dense.input": .attentionValueOutput,
      "attention.output.dense.output": .attentionOutput, "attention.output": .attentionOutput,
      "layernorm_after.input": .residualMiddle, "layernorm_after.output": .mlpInput,
      "intermediate.input": .mlpInput, "intermediate.dense.input": .mlpInput,
      "intermediate.dense.output": .mlpPreactivation, "intermediate.output": .mlpActivation,
      "output.dense.input": .mlpActivation, "output.dense.output": .mlpOutput,
      "output.output": .blockOutput, "output": .blockOutput,
    ]
    return ModuleNames(
      prefix: "vit.", blocks: "encoder.layer",
      stack: [
        .patchProjection: "embeddings.patch_embeddings.projection",
        .classToken: Name("embeddings", weight: ".cls_token"),
        .positionEmbedding: Name("embeddings", weight: ".position_embeddings"),
        .finalNorm: "layernorm", .head: "classifier",
      ],
      block: [
        .attentionNorm: "layernorm_before", .query: "attention.attention.query",
        .key: "attention.attention.key", .value: "attention.attention.value",
        .attentionOutput: "attention.output.dense", .mlpNorm: "layernorm_after",
        .up: "intermediate.dense", .down: "output.dense",
      ], buffers: ["embeddings.mask_token", "pooler.dense.weight", "pooler.dense.bias"],
      modules: tree)
  }()
}
