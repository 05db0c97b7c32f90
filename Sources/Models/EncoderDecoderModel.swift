public import Autodiff
public import Tensors

/// A transformer of two stacks with its weights: an encoder, and a decoder that attends to what the
/// encoder gives.
///
/// Vaswani et al., 2017, <https://arxiv.org/abs/1706.03762>.
public struct EncoderDecoderModel<Scalar: Real>: Sendable {
  public let shape: EncoderDecoderShape
  let encoder: DecoderModel<Scalar>
  var decoder: DecoderModel<Scalar>

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
    let (readBatch, batch) = (encoder.batch(of: read), Batch(lengths: tokens.map(\.count)))
    let (readPlaces, places) = (RowPlaces(readBatch), RowPlaces(batch))
    func visitor(_ stack: Site.Stack) -> Run<Scalar>.Visitor? {
      visit.map { visit in
        { site, layer, value in
          let here = site.stack == nil ? site.of(stack) : site
          let isOfEncoder = shape.extent(of: here) == shape.encoderExtent
          return visit(
            SiteValue(
              site: here, layer: layer, value: value, places: isOfEncoder ? readPlaces : places))
        }
      }
    }
    let below = Run<Scalar>(readBatch, tape: tape, visitor: visitor(.encoder))
    let start = encoder.stream(of: encoder.embeddings(of: read, on: tape), in: below)
    let end = encoder.blocks(0..<shape.encoder.layers, start, in: below)
    let encoded = below.visit(.finalNormOutput, 0, encoder.finalNorm(end, on: tape))
    let above = Run<Scalar>(batch, tape: tape, visitor: visitor(.decoder))
    above.memory = EncodedRows(rows: encoded, batch: readBatch)
    return decoder.logits(decoder(tokens.flatMap(\.self), in: above), in: above)
  }
}
