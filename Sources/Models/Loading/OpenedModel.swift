public import Checkpoints
public import Inputs

/// A model in published files, of whatever family, checked: every weight is there and has the size
/// that the configuration says. No weight has been read yet.
public struct OpenedModel: Sendable {
  /// What a model's logits are.
  public enum Kind: Sendable, Equatable {
    /// Of every position, over the vocabulary; the model is a `DecoderModel`, whose runs can
    /// continue one another.
    case decoder
    /// Of every position, over the vocabulary or, of models without a head, the last stream; the model
    /// is a `DecoderModel` whose rows see each other.
    case encoder
    /// Of every position of the decoder's tokens, over the vocabulary; the model is run on pairs.
    case encoderDecoder
    /// Of every position, over the vocabulary.
    case languageModel
    /// Of every example, over classes.
    case classifier
  }

  /// The model, with what is particular to its family.
  public enum Contents: Sendable {
    case decoder(PublishedModel)
    case encoderDecoder(PublishedPair)
    case backpack(BackpackShape, PublishedTensors)
    case gru(GRUShape, PublishedTensors)
    case mlp(MLPShape, PublishedTensors)
    case resNet(ResNetShape, PublishedTensors)
  }

  /// The files.
  public let checkpoint: Checkpoint
  /// What is in them.
  public let contents: Contents

  /// Opens a model folder or a GGUF file and checks it.
  ///
  /// - Throws: A refusal that names the field or tensor at fault.
  public init(_ path: String) throws(Refusal) {
    checkpoint = try Checkpoint(path)
    guard case .huggingFace(let config) = checkpoint.config else {
      contents = .decoder(try PublishedModel(checkpoint))
      return
    }
    let type = try config["model_type"]
    switch try type.string() {
    case GRUShape.modelType:
      let shape = try GRUShape(config, checkpoint)
      contents = .gru(
        shape, try PublishedTensors(checkpoint, shape.weights, isBuffer: shape.isTiedHead))
    case MLPShape.modelType:
      let shape = try MLPShape(config)
      contents = .mlp(shape, try PublishedTensors(checkpoint, shape.weights))
    case ResNetShape.modelType:
      let shape = try ResNetShape(config)
      contents = .resNet(
        shape,
        try PublishedTensors(checkpoint, shape.weights, isBuffer: ResNetShape.isBuffer))
    case Family.gpt2.modelType where try Self.isBackpack(config):
      let shape = try BackpackShape(config)
      contents = .backpack(
        shape,
        try PublishedTensors(checkpoint, shape.weights, isBuffer: { Family.gpt2.isBuffer($0) }))
    case let name:
      if let family = EncoderDecoderFamily.named(name) {
        contents = .encoderDecoder(try PublishedPair(checkpoint, config, family))
        return
      }
      let known = Family.all.map(\.modelType)
      guard known.contains(name) else {
        let all =
          known + EncoderDecoderFamily.all.map(\.modelType)
          + [GRUShape.modelType, MLPShape.modelType, ResNetShape.modelType]
        throw type.refusal(quoted(name), expected: "one of " + all.joined(separator: ", "))
      }
      contents = .decoder(try PublishedModel(checkpoint))
    }
  }

  private static func isBackpack(_ config: JSONField) throws(Refusal) -> Bool {
    guard let classes = try config.optional("architectures") else { return false }
    for item in try classes.items() where try item.string() == BackpackShape.savedClass {
      return true
    }
    return false
  }

  /// What the model's logits are.
  public var kind: Kind {
    switch contents {
    case .decoder(let model) where model.shape.head.isOfFirstRow: .classifier
    case .decoder(let model): model.shape.isCausal ? .decoder : .encoder
    case .encoderDecoder: .encoderDecoder
    case .backpack: .languageModel
    case .gru(let shape, _):
      switch shape.head {
      case .classifier: .classifier
      case .languageModel: .languageModel
      }
    case .mlp, .resNet: .classifier
    }
  }

  /// What is worth a word though nothing is wrong.
  public var notes: [String] {
    if case .decoder(let model) = contents { model.notes } else { [] }
  }

  /// Reads the weights into memory of this process.
  public func load() throws(Refusal) -> any TrainableModel<Float> {
    switch contents {
    case .decoder(let model): try model.load()
    case .encoderDecoder(let model): try model.load()
    case .backpack(let shape, let tensors): BackpackModel(shape, try tensors.read())
    case .gru(let shape, let tensors): GRUModel(shape, try tensors.read())
    case .mlp(let shape, let tensors): MLPModel(shape, try tensors.read())
    case .resNet(let shape, let tensors): ResNetModel(shape, try tensors.read())
    }
  }

  /// What can be intervened on, without the weights of large models; not to be run.
  public func outline() throws(Refusal) -> any TrainableModel<Float> {
    switch contents {
    case .decoder(let model): return try model.outline()
    case .encoderDecoder(let model): return try model.outline()
    case .backpack, .gru, .mlp, .resNet: return try load()
    }
  }

  /// The width of the logits: the vocabulary, or the classes.
  public var classCount: Int {
    switch contents {
    case .decoder(let model): model.shape.outputWidth
    case .encoderDecoder(let model): model.shape.decoder.outputWidth
    case .backpack(let shape, _): shape.decoder.vocabulary
    case .gru(let shape, _):
      switch shape.head {
      case .classifier(let classes): classes
      case .languageModel: shape.vocabulary
      }
    case .mlp(let shape, _): shape.classes
    case .resNet(let shape, _): shape.classes
    }
  }
}
