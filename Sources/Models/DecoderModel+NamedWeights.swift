public import Autodiff
internal import Tensors

extension DecoderModel: TrainableModel {
  /// What the model can be run on.
  public var inputLimits: InputLimits { shape.inputLimits }

  /// The weights as they are published.
  public var weights: NamedWeights<Scalar> {
    var order: [String] = []
    var parts: [String: (place: PublishedWeight, values: [Tensor<Scalar>])] = [:]
    // Parts of a fused tensor come in the order of their index, which is that of the roles.
    for weight in shape.weights {
      guard let value = value(of: weight) else { continue }
      let place = names.place(of: weight)
      if parts[place.name] == nil { order.append(place.name) }
      parts[place.name, default: (place, [])].values.append(value)
    }
    return NamedWeights(
      order.compactMap { name in
        parts[name].map { place, values in
          let whole = values.count == 1 ? values[0] : .concatenated(values)
          let isTransposed = place.order == .inputsByOutputs && whole.shape.count == 2
          return (name, Variable(isTransposed ? whole.transposed() : whole))
        }
      })
  }

  /// The same model over other weights.
  public func with(_ weights: NamedWeights<Scalar>, on tape: Tape<Scalar>) -> DecoderModel {
    DecoderModel(shape, names: names, weights, on: tape)
  }

  /// A decoder over weights in their published layout.
  ///
  /// - Precondition: The weights are those of `shape`, by name and size.
  init(
    _ shape: DecoderShape, names: PublishedNames, _ weights: NamedWeights<Scalar>,
    on tape: Tape<Scalar>
  ) {
    let roles = PublishedRoles(shape, names, weights, tape)
    func linear(_ weight: DecoderWeight, _ bias: DecoderWeight?) -> Linear<Scalar>? {
      roles[weight].map { Linear($0, bias: bias.flatMap { roles[$0] }) }
    }
    guard let embedding = roles[.tokenEmbedding] else {
      preconditionFailure("every decoder has a token embedding")
    }
    self.init(
      shape, names: names,
      embedding: embedding.isTracked ? .table(embedding) : .packed(PackedMatrix(embedding.value)),
      linear: linear, vector: { roles[$0] })
  }

  /// A weight as the model holds it: `[outputs, inputs]`, `[rows, width]` or `[width]`.
  private func value(of weight: DecoderWeight) -> Tensor<Scalar>? {
    switch weight {
    case .tokenEmbedding: tokenEmbedding.value
    case .positionEmbedding: positionEmbedding?.value
    case .finalNorm: finalNorm.gain
    case .finalNormBias: finalNorm.bias
    case .head: shape.tiedEmbedding ? nil : head.weight
    case .layer(let layer, let weight): layers[layer].value(of: weight)
    }
  }
}

extension DecoderModel.Layer {
  fileprivate func value(of weight: DecoderWeight.LayerWeight) -> Tensor<Scalar>? {
    switch weight {
    case .attentionNorm: attentionNorm.gain
    case .attentionNormBias: attentionNorm.bias
    case .query: query.weight
    case .queryBias: query.bias
    case .key: key.weight
    case .keyBias: key.bias
    case .value: value.weight
    case .valueBias: value.bias
    case .attentionOutput: attentionOutput.weight
    case .attentionOutputBias: attentionOutput.bias
    case .mlpNorm: mlpNorm.gain
    case .mlpNormBias: mlpNorm.bias
    case .gate: gate?.weight
    case .gateBias: gate?.bias
    case .up: up.weight
    case .upBias: up.bias
    case .down: down.weight
    case .downBias: down.bias
    }
  }
}

/// A decoder's weights by role, cut from published tensors on a tape.
private struct PublishedRoles<Scalar: Real> {
  private let shape: DecoderShape
  private let names: PublishedNames
  private let tape: Tape<Scalar>
  /// Matrices are `[outputs, inputs]` already; several roles may share one.
  private let tensors: [String: Variable<Scalar>]

  init(
    _ shape: DecoderShape, _ names: PublishedNames, _ weights: NamedWeights<Scalar>,
    _ tape: Tape<Scalar>
  ) {
    self.shape = shape
    self.names = names
    self.tape = tape
    var tensors: [String: Variable<Scalar>] = [:]
    for weight in shape.weights {
      let place = names.place(of: weight)
      guard tensors[place.name] == nil, let size = shape.size(of: weight) else { continue }
      guard let stored = weights[place.name] else {
        preconditionFailure("no weight is named \(place.name)")
      }
      precondition(
        stored.shape == place.storedSize(of: size),
        "\(place.name) is \(stored.shape), not \(place.storedSize(of: size))")
      let isTransposed = place.order == .inputsByOutputs && size.count == 2
      tensors[place.name] = isTransposed ? tape.transpose(stored) : stored
    }
    self.tensors = tensors
  }

  subscript(weight: DecoderWeight) -> Variable<Scalar>? {
    guard let size = shape.size(of: weight) else { return nil }
    let place = names.place(of: weight)
    guard let whole = tensors[place.name] else { return nil }
    if place.part.of == 1 { return whole }
    let first = place.part.index * size[0]
    return tape.rows(whole, Array(first..<first + size[0]))
  }
}
