internal import Autodiff
internal import Models
internal import Tensors

/// An encoder-decoder's unchanged run: of the encoder's blocks below the first change or, where only
/// the decoder changes, of the whole encoder and of the decoder's part that the changes do not reach.
struct PairConeRun<Scalar: Real>: ConeRun {
  private enum Part {
    case encoder(EncoderPart)
    case decoder(DecoderConeRun<Scalar>)
  }

  private struct EncoderPart {
    let cone: Cone
    /// The stream entering the cone's first block.
    let entering: Tensor<Scalar>
    /// The blocks of the decoder up to the last that is touched too.
    let decoderEnd: Int
  }

  private let model: EncoderDecoderModel<Scalar>
  private let read: ModelInputs<Scalar>
  private let tokens: [[Int]]
  private let part: Part

  let original: Tensor<Scalar>?

  /// - Returns: Nil where something before or after all blocks is touched.
  init?(
    _ model: EncoderDecoderModel<Scalar>, _ inputs: ModelInputs<Scalar>, touches: [Cone.Touch],
    wantsOriginal: Bool, logits: WantedLogits
  ) {
    guard case .pairs(let read, let tokens) = inputs, touches.allSatisfy(\.site.isInBlock) else {
      return nil
    }
    (self.model, self.read, self.tokens) = (model, read, tokens)
    let tape = Tape<Scalar>()
    if let cone = Self.encoderCone(touches, inputs.extents, model) {
      let stream = model.entering(cone.firstLayer, of: read, on: tape, visit: nil)
      part = .encoder(
        EncoderPart(
          cone: cone, entering: stream.value, decoderEnd: Self.decoderEnd(touches)))
      guard wantsOriginal else {
        original = nil
        return
      }
      let memory = model.encoded(
        from: cone.firstLayer, stream, of: read, on: tape, visit: nil)
      original = model.decoded(tokens, memory, on: tape, visit: nil).value
      return
    }
    guard let cone = Cone(touches, in: model.shape.decoder, inputs.extents) else { return nil }
    let layers = model.shape.encoder.layers
    let stream = model.entering(layers, of: read, on: tape, visit: nil)
    let run = DecoderConeRun(
      model.decoder, .tokens(tokens), cone: cone, wantsOriginal: wantsOriginal, logits: logits,
      under: DecoderConeRun.Encoder(
        model: model, memory: model.encoded(from: layers, stream, of: read, on: tape, visit: nil)))
    (part, original) = (.decoder(run), run.original)
  }

  /// Continues from unchanged runs that were made before.
  init?(
    _ model: EncoderDecoderModel<Scalar>, _ inputs: ModelInputs<Scalar>, touches: [Cone.Touch],
    _ states: [ConeState<Scalar>]
  ) {
    guard case .pairs(let read, let tokens) = inputs else { return nil }
    (self.model, self.read, self.tokens, original) = (model, read, tokens, nil)
    if let cone = Self.encoderCone(touches, inputs.extents, model) {
      part = .encoder(
        EncoderPart(
          cone: cone, entering: .concatenated(states.map(\.entering)),
          decoderEnd: Self.decoderEnd(touches)))
      return
    }
    guard let cone = Cone(touches, in: model.shape.decoder, inputs.extents) else { return nil }
    let rows = states.compactMap(\.memory)
    let memory = EncodedRows(
      rows: Variable(Tensor.concatenated(rows)), batch: Batch(lengths: rows.map(\.rows)))
    part = .decoder(
      DecoderConeRun(
        model.decoder, cone: cone, states,
        under: DecoderConeRun.Encoder(model: model, memory: memory)))
  }

  /// Nil where the encoder is not touched.
  private static func encoderCone(
    _ touches: [Cone.Touch], _ extents: InputLengths, _ model: EncoderDecoderModel<Scalar>
  ) -> Cone? {
    Cone(
      touches.filter { $0.site.stack == .encoder },
      lengths: extents[model.shape.encoderExtent], isCausal: model.shape.encoder.isCausal)
  }

  private static func decoderEnd(_ touches: [Cone.Touch]) -> Int {
    touches.filter { $0.site.stack != .encoder }.map { $0.layer + 1 }.max() ?? 0
  }

  func states() -> [ConeState<Scalar>] {
    switch part {
    case .decoder(let run): return run.states()
    case .encoder(let part):
      return PackedRows.ranges(part.cone.lengths.map { ($0, $0) }).map {
        ConeState(entering: part.entering.gathered(Array($0)))
      }
    }
  }

  func callAsFunction(
    logits: WantedLogits, on tape: Tape<Scalar>,
    visit: @escaping (SiteValue<Scalar>) -> Variable<Scalar>
  ) -> Variable<Scalar>? {
    switch part {
    case .decoder(let run): return run(logits: logits, on: tape, visit: visit)
    case .encoder(let part):
      var stream = Variable(part.entering)
      if part.cone.touchesEntry {
        stream = visit(
          SiteValue(
            site: .encoderBlockOutput, layer: part.cone.firstLayer - 1, value: stream,
            places: RowPlaces(Batch(lengths: part.cone.lengths))))
      }
      let first = part.cone.firstLayer
      if logits == .none, part.decoderEnd == 0 {
        let end = min(part.cone.touchedEnd, model.shape.encoder.layers)
        if first < end { model.encode(first..<end, stream, of: read, on: tape, visit: visit) }
        return nil
      }
      let memory = model.encoded(from: first, stream, of: read, on: tape, visit: visit)
      if logits == .none {
        model.decode(tokens, memory, blocks: part.decoderEnd, on: tape, visit: visit)
        return nil
      }
      return model.decoded(
        tokens, memory, isOfLast: logits == .last, on: tape, visit: visit)
    }
  }
}
