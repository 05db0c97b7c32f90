internal import Inputs

extension NewArchitecture {
  /// A classifier where there are classes, otherwise a language model.
  static let gru = NewArchitecture(
    "gru", needs: [.layers, .width],
    or: [.vocabulary: nil, .positions: "512", .classes: nil, .bias: "true"],
    missing: { sizes in
      guard sizes[.vocabulary] == nil, sizes[.classes] == nil else { return nil }
      return (
        .classes, "no classes and no vocabulary",
        "classes for a classifier, or a vocabulary for a language model"
      )
    },
    members: { sizes in
      let isClassifier = sizes[.classes] != nil
      return [
        (
          "architectures",
          .array([.string(isClassifier ? "GRUForClassification" : "GRULMHeadModel")])
        ),
        ("model_type", .string("gru")), ("include_emb", .bool(sizes[.vocabulary] != nil)),
        ("vocab_size", sizes.json(.vocabulary, or: 50257)),
        ("max_position_embeddings", sizes.json(.positions, or: 512)),
        ("n_layer", sizes.json(.layers)), ("h_dim", sizes.json(.width)),
        ("n_labels", sizes.json(.classes, or: 2)), ("include_bias", .bool(sizes.bias ?? true)),
        ("pdrop", .number(JSONNumber(text: "0"))),
        ("tie_word_embeddings", isClassifier ? nil : .bool(false)),
        ("initializer_range", .number(JSONNumber(text: "0.02"))),
      ]
    })
}
