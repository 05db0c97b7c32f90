public import Autodiff
public import Tensors

/// A transformer of two stacks with its weights: an encoder, and a decoder that attends to what the
/// encoder gives.
///
/// Vaswani et al., 2017, <https://arxiv.org/abs/1706.03762>.
public struct EncoderDecoderModel<Scalar: Real>: Sendable {
  public let shape: EncoderDecoderShape
  package let encoder: DecoderModel<Scalar>
  package internal(set) var decoder: DecoderModel<Scalar>

  init(encoder: DecoderModel<Scalar>, decoder: DecoderModel<Scalar>) {
    shape = EncoderDecoderShape(encoder: encoder.shape, decoder: decoder.shape)
    (self.encoder, self.decoder) = (encoder, decoder)
  }

  /// A model of a family over weights in their published layout.
  ///
  /// - Precondition: The weights are those of `shape`, by name and size.
  public init(
    _ shape: EncoderDecoderShape, of family: EncoderDecoderFamily, _ weights: NamedWeights<Scalar>,
    on tape: Tape<Scalar> = Tape()
  ) {
    self.init(shape, names: family.publishedNames(shape), weights, on: tape)
  }

  /// A model over weights in their published layout.
  ///
  /// - Precondition: The weights are those of `shape`, by name and size.
  init(
    _ shape: EncoderDecoderShape, names: (encoder: PublishedNames, decoder: PublishedNames),
    _ weights: NamedWeights<Scalar>, on tape: Tape<Scalar>
  ) {
    let decoder = DecoderModel(shape.decoder, names: names.decoder, weights, on: tape)
    let encoder = DecoderModel(
      shape.encoder, names: names.encoder, weights, on: tape, under: decoder)
    self.init(encoder: encoder, decoder: decoder)
  }
}

extension EncoderDecoderModel: TrainableModel {
  public var inputLimits: InputLimits { shape.inputLimits }

  public var weights: NamedWeights<Scalar> {
    NamedWeights(encoder.weights.pairs + decoder.weights.pairs)
  }

  public func with(
    _ weights: NamedWeights<Scalar>, on tape: Tape<Scalar>
  ) -> EncoderDecoderModel {
    EncoderDecoderModel(shape, names: (encoder.names, decoder.names), weights, on: tape)
  }
}

extension EncoderDecoderModel {
  package typealias Visit = (SiteValue<Scalar>) -> Variable<Scalar>

  /// Runs the encoder on what it reads and the decoder on its tokens.
  ///
  /// - Parameter inputs: Pairs.
  /// - Returns: Logits of the decoder's rows, `[rows, vocabulary]`.
  public func run(
    _ inputs: ModelInputs<Scalar>, on tape: Tape<Scalar>,
    visit: ((SiteValue<Scalar>) -> Variable<Scalar>)?
  ) -> Variable<Scalar> {
    guard case .pairs(let read, let tokens) = inputs else {
      preconditionFailure("an encoder-decoder is run on pairs")
    }
    let stream = entering(0, of: read, on: tape, visit: visit)
    let memory = encoded(from: 0, stream, of: read, on: tape, visit: visit)
    return decoded(tokens, memory, on: tape, visit: visit)
  }

  /// The stream that enters a block of the encoder, or after the last of them all, `[rows, width]`.
  package func entering(
    _ layer: Int, of read: ModelInputs<Scalar>, on tape: Tape<Scalar>, visit: Visit?
  ) -> Variable<Scalar> {
    let run = encoderRun(read, on: tape, visit: visit)
    let start = encoder.stream(of: encoder.embeddings(of: read, on: tape), in: run)
    return encoder.blocks(0..<layer, start, in: run)
  }

  /// Runs some of the encoder's blocks, of the stream that enters the first of them.
  package func encode(
    _ layers: Range<Int>, _ stream: Variable<Scalar>, of read: ModelInputs<Scalar>,
    on tape: Tape<Scalar>, visit: Visit?
  ) {
    _ = encoder.blocks(layers, stream, in: encoderRun(read, on: tape, visit: visit))
  }

  /// What the encoder gives, of the stream that enters one of its blocks.
  package func encoded(
    from layer: Int, _ stream: Variable<Scalar>, of read: ModelInputs<Scalar>,
    on tape: Tape<Scalar>, visit: Visit?
  ) -> EncodedRows<Scalar> {
    let run = encoderRun(read, on: tape, visit: visit)
    let end = encoder.blocks(layer..<shape.encoder.layers, stream, in: run)
    return EncodedRows(
      rows: run.visit(.finalNormOutput, 0, encoder.finalNorm(end, on: tape)), batch: run.batch)
  }

  /// The logits of the decoder's rows, `[rows, vocabulary]`.
  ///
  /// - Parameter isOfLast: Whether those of each example's last row alone are wanted.
  package func decoded(
    _ tokens: [[Int]], _ memory: EncodedRows<Scalar>, isOfLast: Bool = false,
    on tape: Tape<Scalar>, visit: Visit?
  ) -> Variable<Scalar> {
    let run = decoderRun(tokens, memory, on: tape, visit: visit)
    let lasts = isOfLast ? run.batch.sequences.map { $0.rows.upperBound - 1 } : nil
    return decoder.logits(decoder(tokens.flatMap(\.self), in: run), of: lasts, in: run)
  }

  /// Runs the decoder's first blocks alone.
  package func decode(
    _ tokens: [[Int]], _ memory: EncodedRows<Scalar>, blocks end: Int, on tape: Tape<Scalar>,
    visit: Visit?
  ) {
    let run = decoderRun(tokens, memory, on: tape, visit: visit)
    let embeddings = decoder.tokenEmbeddings(tokens.flatMap(\.self), on: tape)
    _ = decoder.blocks(0..<end, decoder.stream(of: embeddings, in: run), in: run)
  }

  private func decoderRun(
    _ tokens: [[Int]], _ memory: EncodedRows<Scalar>, on tape: Tape<Scalar>, visit: Visit?
  ) -> Run<Scalar> {
    let batch = Batch(lengths: tokens.map(\.count))
    let run = Run<Scalar>(
      batch, tape: tape,
      visitor: visit.map { visitor(.decoder, RowPlaces(batch), RowPlaces(memory.batch), $0) })
    run.memory = memory
    return run
  }

  private func encoderRun(
    _ read: ModelInputs<Scalar>, on tape: Tape<Scalar>, visit: Visit?
  ) -> Run<Scalar> {
    let batch = encoder.batch(of: read)
    let places = RowPlaces(batch)
    return Run(batch, tape: tape, visitor: visit.map { visitor(.encoder, places, places, $0) })
  }

  /// A visitor of one stack's run that shows its values as those of a model of two stacks.
  ///
  /// - Parameters:
  ///   - places: Of the stack's own rows.
  ///   - encodedPlaces: Of the encoder's.
  package func visitor(
    _ stack: Site.Stack, _ places: RowPlaces, _ encodedPlaces: RowPlaces, _ visit: @escaping Visit
  ) -> Run<Scalar>.Visitor {
    { site, layer, value in
      let here = site.stack == nil ? site.of(stack) : site
      return visit(
        SiteValue(
          site: here, layer: layer, value: value,
          places: here.isOfEncodedRows ? encodedPlaces : places))
    }
  }
}
