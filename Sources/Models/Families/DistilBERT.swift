internal import Inputs
internal import Tensors

extension Family {
  /// DistilBERT: BERT with half the layers and no segments.
  ///
  /// Sanh et al., 2019, <https://arxiv.org/abs/1910.01108>.
  static let distilBERT = Family("distilbert", names: .distilBERT) { config throws(Refusal) in
    config.ignore("qa_dropout", "seq_classif_dropout", "sinusoidal_pos_embds", "tie_weights_")
    return try config.encoderShape(
      keys: .init(
        width: "dim", layers: "n_layers", heads: "n_heads", mlp: "hidden_dim",
        activation: "activation", epsilon: nil),
      layers: 6, head: ["DistilBertForMaskedLM"], segments: 0)
  }
}

extension ModuleNames {
  fileprivate static let distilBERT = ModuleNames(
    prefix: "distilbert.", blocks: "transformer.layer",
    stack: [
      .tokenEmbedding: "embeddings.word_embeddings",
      .positionEmbedding: "embeddings.position_embeddings",
      .embeddingNorm: "embeddings.LayerNorm", .headTransform: "vocab_transform",
      .headNorm: "vocab_layer_norm", .head: "vocab_projector",
    ],
    block: [
      .query: "attention.q_lin", .key: "attention.k_lin", .value: "attention.v_lin",
      .attentionOutput: "attention.out_lin", .attentionNorm: "sa_layer_norm", .up: "ffn.lin1",
      .down: "ffn.lin2", .mlpNorm: "output_layer_norm",
    ],
    modules: ModuleTree(
      attention: [],
      listed: [
        "input": .blockInput, "attention.input": .attentionInput,
        "attention.q_lin.input": .attentionInput, "attention.q_lin.output": .queryOutput,
        "attention.k_lin.input": .keyInput, "attention.k_lin.output": .keyOutput,
        "attention.v_lin.input": .valueInput, "attention.v_lin.output": .valueOutput,
        "attention.out_lin.input": .attentionValueOutput,
        "attention.out_lin.output": .attentionProjectionOutput,
        "attention.output": .attentionProjectionOutput, "sa_layer_norm.output": .attentionOutput,
        "ffn.input": .mlpInput, "ffn.lin1.input": .mlpInput, "ffn.lin1.output": .mlpPreactivation,
        "ffn.activation.output": .mlpActivation, "ffn.lin2.input": .mlpActivation,
        "ffn.lin2.output": .mlpOutput, "ffn.output": .mlpOutput,
        "output_layer_norm.output": .blockOutput, "output": .blockOutput,
      ]))
}
