public import Autodiff
public import Tensors

/// A Backpack language model with its weights.
///
/// The output at a position is a sum of the sense vectors of the tokens up to it, weighted by what
/// a GPT-2 makes of the context. The reference masks with −10000, which float32's softmax turns
/// into exactly zero unless two scores are some ten thousand apart; here the mask is exact.
public struct BackpackModel<Scalar: Real>: Sendable {
  /// Sizes and choices.
  public let shape: BackpackShape
  /// What weighs the senses, a stack of its own.
  private(set) var decoder: DecoderModel<Scalar>
  private let held: LayerWeights<Scalar>
  private let senseNetwork: SenseNetwork<Scalar>
  private let weighing: Linear<Scalar>

  /// - Precondition: The weights are those of `shape`, by name and size.
  public init(
    _ shape: BackpackShape, _ weights: NamedWeights<Scalar>, on tape: Tape<Scalar> = Tape()
  ) {
    self.shape = shape
    decoder = DecoderModel(shape.decoder, names: BackpackShape.decoderNames, weights, on: tape)
    let held = LayerWeights(shape.senseWeights, weights, on: tape)
    self.held = held
    senseNetwork = SenseNetwork(shape, held)
    weighing = held.linear("backpack.sense_weight_net.c_attn")
  }

  /// The probabilities with which each row mixes each sense of the rows up to it.
  private func contextualization(
    _ stream: Variable<Scalar>, in run: Run<Scalar>
  ) -> Variable<Scalar> {
    let (tape, width) = (run.tape, shape.senses * shape.queryWidth)
    let both = weighing(decoder.finalNorm(stream, on: tape), on: tape)
    return tape.attentionWeights(
      tape.columns(both, 0..<width), keys: tape.columns(both, width..<2 * width), prefix: nil,
      scores: AttentionScores(scale: 1 / Scalar(shape.queryWidth).squareRoot()),
      layout: run.batch.attention(
        AttentionShape(heads: shape.senses, headWidth: shape.queryWidth)))
  }

  /// Each row's weighted sum of senses, `[rows, width]`.
  private func mix(
    _ weights: Variable<Scalar>, _ senses: Variable<Scalar>, in run: Run<Scalar>
  ) -> Variable<Scalar> {
    let (tape, width) = (run.tape, shape.decoder.width)
    let bySense = tape.attentionMix(
      weights, values: senses, prefix: nil,
      layout: run.batch.attention(AttentionShape(heads: shape.senses, headWidth: width)))
    let first = tape.columns(bySense, 0..<width)
    return (1..<shape.senses).reduce(first) { sum, sense in
      tape.add(sum, tape.columns(bySense, sense * width..<(sense + 1) * width))
    }
  }
}

extension BackpackModel: IntervenableModel {
  /// The sites, each with its layers.
  public var sites: [(site: Site, layers: Range<Int>)] {
    // The decoder's own end is not on the way: senses are mixed by what its last norm gives.
    decoder.sites.filter { ![.finalNormOutput, .logits].contains($0.site) }
      + [(.senseNetworkOutput, 0..<1), (.contextualization, 0..<1)]
  }

  /// The elements of one row at a site.
  public func width(of site: Site) -> Int {
    switch site {
    case .senseNetworkOutput: shape.senses * shape.decoder.width
    case .contextualization: shape.senses
    default: decoder.width(of: site)
    }
  }

  /// The heads that a site's rows are made of, if any.
  public func heads(of site: Site) -> Int? {
    site == .senseNetworkOutput || site == .contextualization
      ? shape.senses : decoder.heads(of: site)
  }

  /// The model with the given sites among those that its runs come by.
  public func showing(_ sites: Set<Site>) -> BackpackModel {
    var model = self
    model.decoder = decoder.showing(sites)
    return model
  }

  /// Runs the model on a batch; the senses first, then the blocks, then what weighs the senses.
  ///
  /// - Returns: Logits, `[rows, vocabulary]`, packed like the inputs.
  public func run(
    _ inputs: ModelInputs<Scalar>, on tape: Tape<Scalar>,
    visit: ((SiteValue<Scalar>) -> Variable<Scalar>)?
  ) -> Variable<Scalar> {
    let batch = Batch(lengths: inputs.lengths)
    let places = RowPlaces(batch)
    let run = Run<Scalar>(batch, tape: tape) { site, layer, value in
      visit?(SiteValue(site: site, layer: layer, value: value, places: places)) ?? value
    }
    let embeddings = decoder.embeddings(of: inputs, on: tape)
    let senses = run.visit(.senseNetworkOutput, 0, senseNetwork(embeddings, on: tape))
    let stream = decoder.blocks(
      0..<shape.decoder.layers, decoder.stream(of: embeddings, in: run), in: run)
    let weights = run.visit(.contextualization, 0, contextualization(stream, in: run))
    return decoder.head(mix(weights, senses, in: run), on: tape)
  }
}

extension BackpackModel: TrainableModel {
  /// The weights as they are published.
  public var weights: NamedWeights<Scalar> {
    NamedWeights(decoder.weights.pairs + held.named.pairs)
  }

  /// The same model over other weights.
  public func with(_ weights: NamedWeights<Scalar>, on tape: Tape<Scalar>) -> BackpackModel {
    BackpackModel(shape, weights, on: tape)
  }

  /// What the model can be run on.
  public var inputLimits: InputLimits { decoder.inputLimits }
}
