internal import Autodiff
internal import Models
internal import Tensors

/// The sequences of a generation: a decoder keeps their keys and values where these stay the same, other
/// models run over them again.
enum GrowingSequences<Scalar: Real> {
  case kept(DecoderModel<Scalar>, DecoderCache<Scalar>)
  case whole(WholeSequences<Scalar>)

  /// - Parameters:
  ///   - lengths: Of the prompts.
  ///   - count: New tokens of each.
  init(_ model: any IntervenableModel<Scalar>, _ lengths: [Int], count: Int) {
    if let decoder = Self.keeping(model, lengths, count: count) {
      self = .kept(decoder, DecoderCache(examples: lengths.count))
    } else {
      self = .whole(WholeSequences(model, examples: lengths.count))
    }
  }

  /// The model where it keeps keys and values of sequences that grow so.
  static func keeping(
    _ model: any IntervenableModel<Scalar>, _ lengths: [Int], count: Int
  ) -> DecoderModel<Scalar>? {
    guard let decoder = model as? DecoderModel<Scalar>, decoder.shape.isCausal else { return nil }
    guard let short = decoder.shape.longestShort else { return decoder }
    // The last new token never goes through the model.
    let isTurned = lengths.contains { $0 <= short && $0 + count - 1 > short }
    return isTurned ? nil : decoder
  }

  /// Runs the model over more tokens of every sequence.
  ///
  /// - Returns: The logits of each sequence's last token, `[examples, vocabulary]`.
  mutating func advance(
    _ new: [[Int]], touched: Set<SiteOfLayer>, on tape: Tape<Scalar>,
    visit: @escaping (SiteValue<Scalar>) -> Variable<Scalar>
  ) -> Tensor<Scalar> {
    switch self {
    case .kept(let model, var cache):
      let places = RowPlaces(Batch(lengths: new.map(\.count)))
      let logits = cache.advance(model, new, on: tape) { site, layer, value in
        visit(SiteValue(site: site, layer: layer, value: value, places: places))
      }
      self = .kept(model, cache)
      return logits
    case .whole(var sequences):
      let logits = sequences.advance(new, touched: touched, on: tape, visit: visit)
      self = .whole(sequences)
      return logits
    }
  }

  /// Goes on with other sequences than before, some perhaps twice.
  mutating func reorder(_ order: [Int]) {
    guard case .kept(let model, var cache) = self else {
      preconditionFailure("only keys and values that are kept are put in another order")
    }
    cache.reorder(order)
    self = .kept(model, cache)
  }
}
