public import Inputs
public import Tensors

/// pyvene's multi-layer perceptron: square affine maps with a nonlinearity, then a classifier.
///
/// Wu et al., 2024, <https://arxiv.org/abs/2403.07809>.
public struct MLPShape: Sendable, Equatable {
  /// Square maps before the classifier.
  public var layers: Int
  /// Of inputs and of every layer.
  public var width: Int
  /// What follows each square map.
  public var activation: Activation
  /// Scores of a row.
  public var classes: Int
  /// Whether the maps have biases.
  public var bias: Bool

  /// A shape of the given sizes.
  public init(layers: Int, width: Int, activation: Activation, classes: Int, bias: Bool) {
    (self.layers, self.width, self.activation) = (layers, width, activation)
    (self.classes, self.bias) = (classes, bias)
  }

  private static let knownKeys: Set<String> = inertKeys.union([
    "include_emb", "vocab_size", "max_position_embeddings", "n_layer", "h_dim",
    "activation_function", "pdrop", "num_classes", "include_bias", "squeeze_output",
    "tie_word_embeddings",
  ])

  /// The shape that a `config.json` describes.
  public init(_ config: JSONField) throws(Refusal) {
    try config.refuseUnknownKeys(known: Self.knownKeys)
    _ = try config.savedClass(among: ["MLPForClassification"])
    if let embeddings = try config.optional("include_emb"), try embeddings.bool() {
      throw embeddings.refusal("true", expected: "false: a model that reads embeddings")
    }
    layers = try config["n_layer"].int(in: 1...10_000)
    width = try config["h_dim"].int(in: 1...1 << 24)
    activation = try ConfigField.json(config["activation_function"]).activation()
    classes = try Self.classes(config)
    bias = try config["include_bias"].bool()
  }

  /// `num_classes`, or in files of other versions `num_labels`, or the number of labels' names.
  private static func classes(_ config: JSONField) throws(Refusal) -> Int {
    for key in ["num_classes", "num_labels"] {
      if let field = try config.optional(key) { return try field.int(in: 1...1 << 24) }
    }
    guard let labels = try config.optional("id2label") else {
      return try config["num_classes"].int(in: 1...1 << 24)
    }
    let count = try labels.members().count
    guard count > 0 else { throw labels.refusal("no label", expected: "one at least") }
    return count
  }

  /// Every weight of the published files, in the order of use.
  package var weights: [WeightSpec] {
    (0..<layers).flatMap {
      WeightSpec.linear("mlp.h.\($0).ff1", inputs: width, outputs: width, bias: bias)
    } + WeightSpec.linear("score", inputs: width, outputs: classes, bias: bias)
  }

  /// What the model can be run on.
  public var inputLimits: InputLimits {
    InputLimits(vocabulary: nil, width: width, positions: nil)
  }
}

extension StandaloneFamily {
  static let mlp = StandaloneFamily("mlp") { config, _ throws(Refusal) in try MLPShape(config) }
}

extension MLPShape: StandaloneShape {
  package var description: (name: String, sizes: [(name: String, value: Int)]) {
    ("mlp", [("layers", layers), ("width", width), ("classes", classes)])
  }
  package var kind: OpenedModel.Kind { .classifier }
  package var answerCount: Int { classes }
  package var start: InitialWeights.Rule? { .linear }
  package func isBuffer(_ tensor: String) -> Bool { false }

  package func model(_ weights: NamedWeights<Float>) -> any TrainableModel<Float> {
    MLPModel(self, weights)
  }
}
