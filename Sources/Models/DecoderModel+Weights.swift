internal import Autodiff
public import Tensors

extension DecoderModel {
  /// A model of the given weights.
  ///
  /// - Parameter decoder: The model whose token embedding this one has, if it has none of its own.
  /// - Precondition: `held` has every weight of `shape`.
  init(
    _ shape: DecoderShape, names: PublishedNames, _ own: HeldWeights<Scalar>,
    under decoder: DecoderModel? = nil
  ) {
    self.shape = shape
    self.names = names
    let held = decoder.map { own.withTokens(of: $0.held) } ?? own
    self.held = held
    front = Front(
      shape: shape.front, tokens: held.table(.tokenEmbedding),
      pixels: PatchEmbedding(shape.front.reads, held),
      sounds: FrameEmbedding(shape.front.reads, held), positions: held.table(.positionEmbedding),
      segments: held.table(.stack(.segmentEmbedding)),
      norm: held.norm(.stack(.embeddingNorm), shape.front.norm, width: shape.width),
      projection: held.linear(.stack(.embeddingProjection)))
    // Layers that turn alike share their angles, and those without a bias of their own the first's.
    var tables: [(shape: RotaryShape, table: RotaryTable<Scalar>)] = []
    var firstBias: AttentionBias<Scalar>?
    layers = shape.blocks.enumerated().map { layer, block in
      let weights = BlockWeights(shape, layer, held)
      let rotary = block.attention.rotary.map { shape in
        if let known = tables.first(where: { $0.shape == shape }) { return known.table }
        tables.append((shape, RotaryTable(shape)))
        return tables[tables.count - 1].table
      }
      let attention = weights.attention(rotary, sharing: firstBias)
      if firstBias == nil { firstBias = attention.bias }
      return Layer(
        attentionNorm: weights.norm(.attentionNorm),
        attentionOutputNorm: weights.norm(.attentionOutputNorm),
        mlpNorm: weights.norm(.mlpNorm), mlpOutputNorm: weights.norm(.mlpOutputNorm),
        attention: attention, crossNorm: weights.norm(.crossNorm), cross: weights.cross,
        mlp: weights.network)
    }
    let transform = held.linear(.stack(.headTransform)).flatMap { map in
      held.norm(.stack(.headNorm), shape.head.transform?.norm, width: shape.width).map {
        (map, $0)
      }
    }
    end = End(
      shape: shape.head,
      norm: held.norm(.stack(.finalNorm), shape.finalNorm, width: shape.width),
      projection: held.linear(.stack(.headProjection)), transform: transform,
      matrix: shape.head.hasMatrix
        ? held.linear(.head)
          ?? held.table(.tokenEmbedding)?.head(bias: held.variable(.head.bias)) : nil)
  }

  /// A frozen model whose weights `weights` gives: `[outputs, inputs]`, `[rows, width]`, `[width]`.
  ///
  /// - Parameter names: What the weights are called in published files.
  public init(
    _ shape: DecoderShape, names: PublishedNames,
    weights: (DecoderWeight) -> Tensor<Scalar>
  ) {
    var entries: [DecoderWeight: HeldWeights<Scalar>.Entry] = [:]
    for weight in shape.weights {
      let (value, size) = (weights(weight), shape.size(of: weight))
      precondition(value.shape == size, "\(weight) is \(value.shape), not \(size ?? [])")
      entries[weight] =
        WeightArena.isPacked(weight, value.shape)
        ? .packed(PackedMatrix(value)) : .variable(Variable(value))
    }
    self.init(shape, names: names, HeldWeights(entries))
  }
}

/// The weights of one block.
private struct BlockWeights<Scalar: Real> {
  private let shape: DecoderShape
  private let layer: Int
  private let held: HeldWeights<Scalar>
  private var block: BlockShape { shape.blocks[layer] }

  init(_ shape: DecoderShape, _ layer: Int, _ held: HeldWeights<Scalar>) {
    (self.shape, self.layer, self.held) = (shape, layer, held)
  }

  /// A norm of the stream, where the block has it.
  func norm(_ module: BlockModule) -> Norm<Scalar>? {
    guard block.has(module) else { return nil }
    return held.norm(.block(module, layer), block.norm, width: shape.width)
  }

  /// - Parameter first: The first layer's bias, for layers that have none of their own.
  func attention(
    _ rotary: RotaryTable<Scalar>?, sharing first: AttentionBias<Scalar>?
  ) -> Attention<Scalar> {
    let shape = block.attention
    func norm(_ module: BlockModule, heads: Int) -> QueryKeyNorm<Scalar>? {
      shape.norms.map { form in
        var gains = [held.variable(.block(module, layer))]
        if case .eachHead = form {
          gains = (0..<heads).map { held.variable(.block(module, layer, expert: $0)) }
        }
        return QueryKeyNorm(
          form, heads: heads, headWidth: shape.headWidth, gains: gains.compactMap(\.self),
          bias: held.variable(.block(module, layer, isBias: true)))
      }
    }
    return Attention(
      shape: shape, query: map(.query), key: map(.key), value: map(.value),
      output: map(.attentionOutput), queryNorm: norm(.queryNorm, heads: shape.heads),
      keyNorm: norm(.keyNorm, heads: shape.keyHeads), sinks: held.variable(.block(.sinks, layer)),
      bias: AttentionBias(shape.bias, table: held.variable(.block(.relativeBias, layer))) ?? first,
      rotary: rotary)
  }

  /// The attention to an encoder's output.
  var cross: Attention<Scalar>? {
    block.cross.map { shape in
      Attention(
        shape: shape, query: map(.crossQuery), key: map(.crossKey), value: map(.crossValue),
        output: map(.crossOutput), queryNorm: nil, keyNorm: nil, sinks: nil, bias: nil, rotary: nil)
    }
  }

  var network: DecoderModel<Scalar>.Network<Scalar> {
    guard let experts = block.mlp.experts else { return .one(feedForward(nil)) }
    return .experts(
      Experts(
        shape: experts, router: map(.router),
        networks: (0..<experts.count).map { feedForward($0) }))
  }

  private func feedForward(_ expert: Int?) -> FeedForward<Scalar> {
    FeedForward(
      form: block.mlp.form, gate: held.linear(.block(.gate, layer, expert: expert)),
      up: map(.up, expert), down: map(.down, expert))
  }

  private func map(_ module: BlockModule, _ expert: Int? = nil) -> Linear<Scalar> {
    guard let map = held.linear(.block(module, layer, expert: expert)) else {
      preconditionFailure("the shape has a weight \(module) in layer \(layer)")
    }
    return map
  }
}
