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
  package enum Contents: Sendable {
    case decoder(PublishedModel)
    case encoderDecoder(PublishedPair)
    case standalone(any StandaloneShape, PublishedTensors)
  }

  /// The files.
  public let checkpoint: Checkpoint
  /// What is in them.
  package let contents: Contents

  /// Bytes that the weights take in memory: as their files have them or as float32, by the family.
  package var weightBytes: Int {
    switch contents {
    case .decoder(let model): model.byteCount
    case .encoderDecoder(let model): model.byteCount
    case .standalone:
      MemoryLayout<Float>.stride * checkpoint.tensors.values.reduce(0) { $0 + $1.count }
    }
  }

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
    let name = try type.string()
    if let family = try StandaloneFamily.of(config) {
      let shape = try family.shape(config, checkpoint)
      let tensors = try PublishedTensors(checkpoint, shape.weights, isBuffer: shape.isBuffer)
      contents = .standalone(shape, tensors)
    } else if let family = EncoderDecoderFamily.named(name) {
      contents = .encoderDecoder(try PublishedPair(checkpoint, config, family))
    } else if Family.named(name) != nil {
      contents = .decoder(try PublishedModel(checkpoint))
    } else {
      let known =
        Family.all.map(\.modelType) + EncoderDecoderFamily.all.map(\.modelType)
        + StandaloneFamily.modelTypes
      throw type.refusal(quoted(name), expected: "one of " + known.joined(separator: ", "))
    }
  }

  /// What the model's logits are.
  public var kind: Kind {
    switch contents {
    case .decoder(let model) where model.shape.head.isOfFirstRow: .classifier
    case .decoder(let model): model.shape.isCausal ? .decoder : .encoder
    case .encoderDecoder: .encoderDecoder
    case .standalone(let shape, _): shape.kind
    }
  }

  /// What is worth a word though nothing is wrong.
  public var notes: [String] {
    switch contents {
    case .decoder(let model): model.notes
    case .encoderDecoder(let model): model.notes
    case .standalone: []
    }
  }

  /// Reads the weights into memory of this process.
  public func load() throws(Refusal) -> any TrainableModel<Float> {
    switch contents {
    case .decoder(let model): try model.load()
    case .encoderDecoder(let model): try model.load()
    case .standalone(let shape, let tensors): shape.model(try tensors.read())
    }
  }

  /// What can be intervened on, without the weights of large models; not to be run.
  public func outline() throws(Refusal) -> any TrainableModel<Float> {
    switch contents {
    case .decoder(let model): return try model.outline()
    case .encoderDecoder(let model): return try model.outline()
    case .standalone: return try load()
    }
  }

  /// The width of the logits: the vocabulary, or the classes.
  public var classCount: Int {
    switch contents {
    case .decoder(let model): model.shape.outputWidth
    case .encoderDecoder(let model): model.shape.decoder.outputWidth
    case .standalone(let shape, _): shape.answerCount
    }
  }
}
