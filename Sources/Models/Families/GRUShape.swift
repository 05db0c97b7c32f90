public import Checkpoints
public import Inputs

/// pyvene's gated recurrent models: a stack of cells under a classifier or a language-model head.
///
/// Wu et al., 2024, <https://arxiv.org/abs/2403.07809>; the cell is that of
/// Cho et al., 2014, <https://arxiv.org/abs/1406.1078>, with the reset after the product.
public struct GRUShape: Sendable, Equatable {
  /// What reads the last cell's states.
  public enum Head: Sendable, Equatable {
    /// Scores each example's last state.
    case classifier(classes: Int)
    /// Scores every state; `tied` if the map is the token embedding.
    case languageModel(tied: Bool)
  }

  /// Cells above one another.
  public var layers: Int
  /// Of inputs and states.
  public var width: Int
  /// Whether the cells' maps have biases.
  public var bias: Bool
  /// Whether there are embeddings of tokens and positions.
  public var hasEmbeddings: Bool
  /// Tokens that there are.
  public var vocabulary: Int
  /// Positions that have embeddings.
  public var positionCount: Int
  /// What reads the last cell's states.
  public var head: Head

  /// A shape of the given sizes.
  public init(
    layers: Int, width: Int, bias: Bool, hasEmbeddings: Bool, vocabulary: Int, positionCount: Int,
    head: Head
  ) {
    (self.layers, self.width, self.bias) = (layers, width, bias)
    (self.hasEmbeddings, self.vocabulary) = (hasEmbeddings, vocabulary)
    (self.positionCount, self.head) = (positionCount, head)
  }

  private static let knownKeys: Set<String> = inertKeys.union([
    "include_emb", "vocab_size", "max_position_embeddings", "n_layer", "h_dim", "n_labels",
    "include_bias", "pdrop", "tie_word_embeddings",
  ])

  /// The shape that a `config.json` describes.
  ///
  /// - Parameter checkpoint: The weights, which older files must be asked for a tied head; nil for a
  ///   model without any yet.
  public init(_ config: JSONField, _ checkpoint: Checkpoint? = nil) throws(Refusal) {
    try config.refuseUnknownKeys(known: Self.knownKeys)
    let saved = try config.savedClass(among: ["GRUForClassification", "GRULMHeadModel"])
    layers = try config["n_layer"].int(in: 1...10_000)
    width = try config["h_dim"].int(in: 1...1 << 24)
    bias = try config["include_bias"].bool()
    hasEmbeddings = try config["include_emb"].bool()
    vocabulary = try config["vocab_size"].int(in: 1...1 << 24)
    positionCount = try config["max_position_embeddings"].int(in: 1...1 << 24)
    if saved == "GRUForClassification" {
      head = .classifier(classes: try config["n_labels"].int(in: 1...1 << 24))
    } else {
      // Older files leave a tied head out and do not say so; newer ones hold an untied one.
      let said = try config.optional("tie_word_embeddings")?.bool()
      let isTied = said ?? (checkpoint?.tensors["lm_head.weight"] == nil)
      head = .languageModel(tied: isTied && hasEmbeddings)
    }
  }

  /// Every weight of the published files, in the order of use.
  package var weights: [WeightSpec] {
    let embeddings = [
      WeightSpec.table("gru.wte.weight", rows: vocabulary, width: width),
      .table("gru.wpe.weight", rows: positionCount, width: width),
    ]
    let cells = (0..<layers).flatMap { layer in
      ["x2h", "h2h"].flatMap {
        WeightSpec.linear("gru.cells.\(layer).\($0)", inputs: width, outputs: 3 * width, bias: bias)
      }
    }
    let last =
      switch head {
      case .classifier(let classes):
        WeightSpec.linear("score", inputs: width, outputs: classes, bias: false)
      case .languageModel(tied: true): [WeightSpec]()
      case .languageModel(tied: false):
        WeightSpec.linear("lm_head", inputs: width, outputs: vocabulary, bias: false)
      }
    return (hasEmbeddings ? embeddings : []) + cells + last
  }

  /// What the model can be run on.
  public var inputLimits: InputLimits {
    InputLimits(vocabulary: hasEmbeddings ? vocabulary : nil, width: width, positions: nil)
  }
}

extension StandaloneFamily {
  static let gru = StandaloneFamily("gru") { config, checkpoint throws(Refusal) in
    try GRUShape(config, checkpoint)
  }
}

extension GRUShape: StandaloneShape {
  package var description: (name: String, sizes: [(name: String, value: Int)]) {
    let end = kind == .classifier ? "classes" : "vocabulary"
    return ("gru", [("layers", layers), ("width", width), (end, answerCount)])
  }

  package var kind: OpenedModel.Kind {
    switch head {
    case .classifier: .classifier
    case .languageModel: .languageModel
    }
  }

  package var answerCount: Int {
    switch head {
    case .classifier(let classes): classes
    case .languageModel: vocabulary
    }
  }

  package var start: InitialWeights.Rule? { .recurrent(width: width) }

  /// The head of a model that takes its embedding for it may stand there all the same.
  package func isBuffer(_ tensor: String) -> Bool {
    head == .languageModel(tied: true) && tensor == "lm_head.weight"
  }

  package func model(_ weights: NamedWeights<Float>) -> any TrainableModel<Float> {
    GRUModel(self, weights)
  }
}
