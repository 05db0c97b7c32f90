internal import Autodiff
public import Inputs
public import Tensors

/// A model that has no weights yet: its configuration, as transformers or pyvene would write it.
public struct NewModel: Sendable {
  /// Parameters of one model; more are not trained from nothing here.
  public static let parameterLimit = 1 << 31

  private enum Kind: Sendable {
    case standalone(any StandaloneShape, InitialWeights.Rule)
    case decoder(DecoderShape, PublishedNames)
    case encoderDecoder(EncoderDecoderShape, EncoderDecoderFamily)
  }

  private let kind: Kind
  private let config: JSONObject

  /// - Parameter config: What a `config.json` holds.
  /// - Throws: A refusal of the field at fault.
  public init(_ config: JSONField) throws(Refusal) {
    self.config = try config.object()
    let type = try config["model_type"]
    let name = try type.string()
    if let family = try StandaloneFamily.of(config) {
      let shape = try family.shape(config, nil)
      guard let start = shape.start else {
        throw type.refusal(
          shape.description.name, expected: "a family whose models begin from random weights")
      }
      kind = .standalone(shape, start)
    } else if let family = EncoderDecoderFamily.named(name) {
      kind = .encoderDecoder(try family.shape(config).shape, family)
    } else if let family = Family.named(name) {
      kind = .decoder(try family.shape(config), PublishedNames(family))
    } else {
      let known =
        StandaloneFamily.modelTypes + Family.all.map(\.modelType)
        + EncoderDecoderFamily.all.map(\.modelType)
      throw type.refusal(quoted(name), expected: "one of " + known.joined(separator: ", "))
    }
    try checkSize(config)
  }

  private func checkSize(_ config: JSONField) throws(Refusal) {
    // Layers first: a list of a hostile number of weights is itself too large.
    var count = 0
    for spec in specs {
      let size = spec.size.reduce((1, false)) { product, extent in
        let (value, overflow) = product.0.multipliedReportingOverflow(by: extent)
        return (value, product.1 || overflow)
      }
      guard !size.1, size.0 <= Self.parameterLimit, count <= Self.parameterLimit - size.0 else {
        throw config.refusal(
          "more than \(Self.parameterLimit) parameters", expected: "at most so many (the limit)")
      }
      count += size.0
    }
  }

  /// Every weight, in the order of use.
  var specs: [WeightSpec] {
    switch kind {
    case .standalone(let shape, _): shape.weights
    case .decoder(let shape, let names): shape.specs(named: names)
    case .encoderDecoder(let shape, let family):
      shape.encoder.specs(named: family.publishedNames(shape).encoder)
        + shape.decoder.specs(named: family.publishedNames(shape).decoder)
    }
  }

  /// Numbers that training changes.
  public var parameterCount: Int { specs.reduce(0) { $0 + $1.size.reduce(1, *) } }

  /// Nil for models that are no decoders.
  public var decoderShape: DecoderShape? {
    if case .decoder(let shape, _) = kind { shape } else { nil }
  }

  public var layerCount: Int {
    switch kind {
    case .standalone(let shape, _): shape.layers
    case .decoder(let shape, _): shape.layers
    case .encoderDecoder(let shape, _): shape.encoder.layers + shape.decoder.layers
    }
  }

  /// What the model can be run on.
  public var inputLimits: InputLimits {
    switch kind {
    case .standalone(let shape, _): shape.inputLimits
    case .decoder(let shape, _): shape.inputLimits
    case .encoderDecoder(let shape, _): shape.inputLimits
    }
  }

  /// The width of the logits: the vocabulary, or the classes.
  public var answerCount: Int {
    switch kind {
    case .standalone(let shape, _): shape.answerCount
    case .decoder(let shape, _): shape.vocabulary
    case .encoderDecoder(let shape, _): shape.decoder.vocabulary
    }
  }

  /// The model over weights of its names and sizes.
  public func model(_ weights: NamedWeights<Float>) -> any TrainableModel<Float> {
    switch kind {
    case .standalone(let shape, _): shape.model(weights)
    case .decoder(let shape, let names):
      DecoderModel(shape, names: names, weights, on: Tape())
    case .encoderDecoder(let shape, let family): EncoderDecoderModel(shape, of: family, weights)
    }
  }

  /// Random weights, as the published implementations start from.
  public func initialWeights(seed: UInt64) -> NamedWeights<Float> {
    let start =
      switch kind {
      case .standalone(_, let start): start
      case .decoder(let shape, _): InitialWeights.Rule.decoder(layers: shape.layers)
      case .encoderDecoder: InitialWeights.Rule.decoder(layers: layerCount)
      }
    return InitialWeights(seed: seed, start).weights(specs)
  }

  /// Writes a folder that the family's published implementation loads.
  public func save(_ weights: NamedWeights<Float>, to folder: String) throws(Refusal) {
    try weights.save(beside: config, to: folder)
  }
}
