internal import Inputs

extension NewArchitecture {
  static let mlp = NewArchitecture(
    "mlp", needs: [.layers, .width, .classes], or: [.activation: "relu", .bias: "true"]
  ) { sizes in
    [
      ("architectures", .array([.string("MLPForClassification")])), ("model_type", .string("mlp")),
      ("include_emb", .bool(false)), ("vocab_size", sizes.json(.vocabulary, or: 50257)),
      ("max_position_embeddings", sizes.json(.positions, or: 512)),
      ("n_layer", sizes.json(.layers)), ("h_dim", sizes.json(.width)),
      ("activation_function", .string(sizes.activation ?? "relu")),
      ("pdrop", .number(JSONNumber(text: "0"))), ("num_classes", sizes.json(.classes)),
      ("include_bias", .bool(sizes.bias ?? true)), ("squeeze_output", .bool(true)),
    ]
  }
}
