public import Inputs
public import Tensors

/// A residual convolutional network that classifies images, as transformers publishes it.
///
/// He et al., 2015, <https://arxiv.org/abs/1512.03385>; the stride stands in the second convolution of
/// a bottleneck unless the configuration says otherwise.
public struct ResNetShape: Sendable, Equatable {
  static let savedClass = "ResNetForImageClassification"

  /// What a block's convolutions are.
  public enum LayerType: String, Sendable, CaseIterable {
    /// Two of 3 × 3.
    case basic
    /// 1 × 1 to a quarter of the channels, 3 × 3, and 1 × 1 to all of them.
    case bottleneck
  }

  /// Channels of an image.
  public var channels: Int
  /// Channels that the first block reads.
  public var embeddingWidth: Int
  /// Channels that a stage's blocks give, and how many blocks it has.
  public var stages: [(width: Int, depth: Int)]
  /// What a block's convolutions are.
  public var layerType: LayerType
  /// Follows the first convolution of the model and the sum of each block. Within blocks it is ReLU.
  public var activation: Activation
  /// Whether the first stage begins with a stride too.
  public var downsamplesInFirstStage: Bool
  /// Whether a bottleneck's stride is in its first convolution.
  public var downsamplesInBottleneck: Bool
  /// Scores of an image.
  public var classes: Int

  public static func == (a: ResNetShape, b: ResNetShape) -> Bool {
    a.stages.elementsEqual(b.stages, by: ==) && a.channels == b.channels
      && a.embeddingWidth == b.embeddingWidth && a.layerType == b.layerType
      && a.activation == b.activation && a.classes == b.classes
      && a.downsamplesInFirstStage == b.downsamplesInFirstStage
      && a.downsamplesInBottleneck == b.downsamplesInBottleneck
  }

  /// A shape of the given sizes.
  public init(
    channels: Int, embeddingWidth: Int, stages: [(width: Int, depth: Int)], layerType: LayerType,
    activation: Activation = .relu, downsamplesInFirstStage: Bool = false,
    downsamplesInBottleneck: Bool = false, classes: Int
  ) {
    (self.channels, self.embeddingWidth, self.stages) = (channels, embeddingWidth, stages)
    (self.layerType, self.activation, self.classes) = (layerType, activation, classes)
    self.downsamplesInFirstStage = downsamplesInFirstStage
    self.downsamplesInBottleneck = downsamplesInBottleneck
  }

  /// The shape that a `config.json` describes; what it leaves out is as transformers has it.
  public init(_ config: JSONField) throws(Refusal) {
    var reader = ConfigReader(config)
    _ = try config.savedClass(among: [Self.savedClass])
    channels = try reader.int("num_channels", default: 3)
    embeddingWidth = try reader.int("embedding_size", default: 64)
    let widths = try reader.ints(
      "hidden_sizes", default: [256, 512, 1024, 2048], in: 1...1 << 24)
    let depths = try reader.ints("depths", default: [3, 4, 6, 3], in: 1...10_000)
    guard widths.count == depths.count, !widths.isEmpty else {
      throw (try config.optional("depths") ?? config).refusal(
        "\(depths.count) stages", expected: "\(widths.count), as hidden_sizes has, one at least")
    }
    stages = zip(widths, depths).map { ($0, $1) }
    guard depths.reduce(0, +) <= 10_000 else {
      throw try config["depths"].refusal(
        "\(depths.reduce(0, +)) blocks", expected: "at most 10000 (the limit)")
    }
    layerType = try reader.choice("layer_type", default: .bottleneck)
    activation = try reader.activation("hidden_act", default: .relu)
    downsamplesInFirstStage = try reader.bool("downsample_in_first_stage", default: false)
    downsamplesInBottleneck = try reader.bool("downsample_in_bottleneck", default: false)
    classes = try Self.classes(config)
    if layerType == .bottleneck, let narrow = widths.first(where: { $0 < Self.reduction }) {
      throw try config["hidden_sizes"].refusal(
        "\(narrow) channels", expected: "\(Self.reduction) at least in a bottleneck")
    }
    reader.ignore("out_features", "out_indices", "stage_names")
    _ = try reader.finish()
  }

  /// How many times fewer channels the convolutions within a bottleneck have.
  private static let reduction = 4

  /// The number of labels' names, or `num_labels`, or two.
  private static func classes(_ config: JSONField) throws(Refusal) -> Int {
    if let labels = try config.optional("id2label") {
      let count = try labels.members().count
      guard count > 0 else { throw labels.refusal("no label", expected: "one at least") }
      return count
    }
    return try config.optional("num_labels")?.int(in: 1...1 << 24) ?? 2
  }

  /// Blocks of all stages.
  public var layers: Int { stages.reduce(0) { $0 + $1.depth } }

  /// What the model can be run on.
  public var inputLimits: InputLimits { InputLimits(channels: channels) }
}

extension ResNetShape {
  /// One convolution, with its norm.
  struct ConvolutionShape: Equatable {
    let inputs, outputs: Int
    let window: ImageWindow

    /// - Parameter size: Odd; the window is padded so that it sees as much on each side.
    init(_ inputs: Int, _ outputs: Int, size: Int, stride: Int = 1) {
      (self.inputs, self.outputs) = (inputs, outputs)
      window = ImageWindow(size: size, stride: stride, padding: size / 2)
    }
  }

  /// One residual block.
  struct Block {
    let stage: Int
    /// Within the stage.
    let number: Int
    let inputs: Int
    let convolutions: [ConvolutionShape]
    /// Nil where the input is added as it is.
    let shortcut: ConvolutionShape?

    var outputs: Int { convolutions.last?.outputs ?? inputs }
    /// Where its modules stand.
    var path: String { "encoder.stages.\(stage).layers.\(number)" }
  }

  /// The model's first convolution.
  var stem: ConvolutionShape { ConvolutionShape(channels, embeddingWidth, size: 7, stride: 2) }
  /// What follows it.
  var stemPool: ImageWindow { ImageWindow(size: 3, stride: 2, padding: 1) }

  /// Every block, from the first of the first stage on.
  var blocks: [Block] {
    var inputs = embeddingWidth
    return stages.enumerated().flatMap { stage, size in
      (0..<size.depth).map { number in
        let strides = number == 0 && (stage > 0 || downsamplesInFirstStage)
        defer { inputs = size.width }
        return block(stage, number, inputs, size.width, stride: strides ? 2 : 1)
      }
    }
  }

  private func block(
    _ stage: Int, _ number: Int, _ inputs: Int, _ outputs: Int, stride: Int
  ) -> Block {
    let convolutions: [ConvolutionShape]
    switch layerType {
    case .basic:
      convolutions = [
        .init(inputs, outputs, size: 3, stride: stride), .init(outputs, outputs, size: 3),
      ]
    case .bottleneck:
      let width = outputs / Self.reduction
      convolutions = [
        .init(inputs, width, size: 1, stride: downsamplesInBottleneck ? stride : 1),
        .init(width, width, size: 3, stride: downsamplesInBottleneck ? 1 : stride),
        .init(width, outputs, size: 1),
      ]
    }
    let isPlain = inputs == outputs && stride == 1
    return Block(
      stage: stage, number: number, inputs: inputs, convolutions: convolutions,
      shortcut: isPlain ? nil : .init(inputs, outputs, size: 1, stride: stride))
  }

  /// Every weight of the published files, in the order of use.
  package var weights: [WeightSpec] {
    func weights(_ path: String, _ shape: ConvolutionShape) -> [WeightSpec] {
      [
        .convolution(
          "resnet.\(path).convolution", inputs: shape.inputs, outputs: shape.outputs,
          size: shape.window.size)
      ] + WeightSpec.batchNorm("resnet.\(path).normalization", width: shape.outputs)
    }
    return weights("embedder.embedder", stem)
      + blocks.flatMap { block in
        (block.shortcut.map { weights("\(block.path).shortcut", $0) } ?? [])
          + block.convolutions.enumerated().flatMap { weights("\(block.path).layer.\($0)", $1) }
      }
      + WeightSpec.linear(
        "classifier.1", inputs: stages.last?.width ?? 0, outputs: classes, bias: true)
  }
}

extension StandaloneFamily {
  static let resNet = StandaloneFamily("resnet") { config, _ throws(Refusal) in
    try ResNetShape(config)
  }
}

extension ResNetShape: StandaloneShape {
  package var description: (name: String, sizes: [(name: String, value: Int)]) {
    (
      "resnet",
      [
        ("layers", layers), ("stages", stages.count), ("channels", channels), ("classes", classes),
      ]
    )
  }
  package var kind: OpenedModel.Kind { .classifier }
  package var answerCount: Int { classes }
  package var start: InitialWeights.Rule? { nil }

  /// How many batches a norm has seen.
  package func isBuffer(_ tensor: String) -> Bool { tensor.hasSuffix(".num_batches_tracked") }

  package func model(_ weights: NamedWeights<Float>) -> any TrainableModel<Float> {
    ResNetModel(self, weights)
  }
}
