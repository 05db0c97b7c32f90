internal import Autodiff
internal import Models
internal import Tensors

/// A decoder's unchanged run, kept as far as a changed run needs it to continue from it.
///
/// Streams below the cone, keys and values before it, and the logits of positions that it does not
/// reach are this run's; the changed run has rows in the cone only.
struct DecoderConeRun<Scalar: Real>: ConeRun {
  /// What the decoder attends to beside its own rows.
  struct Encoder {
    let model: EncoderDecoderModel<Scalar>
    let memory: EncodedRows<Scalar>
  }

  private let model: DecoderModel<Scalar>
  private let cone: Cone
  private let encoder: Encoder?
  /// The stream entering the cone's first layer, the rows in the cone.
  private let entering: Tensor<Scalar>
  private let prefix: KeyValues<Scalar>?
  /// The rows of `prefix` that stand for each example's positions before the cone.
  private let prefixRows: [Range<Int>]
  /// Logits of the unchanged run: of every row, or of the rows of `prefixRows`.
  private let baseLogits: Tensor<Scalar>?

  /// The unchanged run's logits, all rows, if they were asked for.
  let original: Tensor<Scalar>?

  private var lengths: [Int] { cone.lengths }

  /// Runs the unchanged base.
  ///
  /// - Parameters:
  ///   - wantsOriginal: Whether the unchanged run's own logits are wanted; without them the cone has
  ///     every position from its first on.
  ///   - logits: What changed runs will be asked for.
  init(
    _ model: DecoderModel<Scalar>, _ inputs: ModelInputs<Scalar>, cone: Cone, wantsOriginal: Bool,
    logits: WantedLogits, under encoder: Encoder? = nil
  ) {
    precondition(wantsOriginal || cone.ends == cone.lengths, "rows that nobody makes")
    (self.model, self.cone, self.encoder) = (model, cone, encoder)
    let lengths = cone.lengths
    let tape = Tape<Scalar>()
    let below = Run<Scalar>(model.batch(of: inputs), tape: tape)
    below.memory = encoder?.memory
    let start = model.stream(of: model.embeddings(of: inputs, on: tape), in: below)
    let all = model.blocks(0..<cone.firstLayer, start, in: below).value
    entering = all.gathered(Self.rows(of: lengths, cone.positions))

    let kept = wantsOriginal ? lengths : cone.firstPositions
    let rows = Self.rows(of: lengths, kept.map { 0..<$0 })
    let above = Run<Scalar>(
      Batch(lengths: kept, wholes: lengths), tape: tape, keepsKeyValues: true)
    above.memory = encoder?.memory
    var stream = Variable(wantsOriginal ? all : all.gathered(rows))
    if !rows.isEmpty {
      stream = model.blocks(cone.firstLayer..<model.shape.layers, stream, in: above)
    }
    let wantsLogits = !rows.isEmpty && (wantsOriginal || logits == .all)
    if wantsLogits, let first = model.rowsWithLogits(above.batch) {
      stream = tape.rows(stream, first)
    }
    baseLogits = wantsLogits ? model.logits(stream, on: tape).value : nil
    original = wantsOriginal ? baseLogits : nil
    prefix =
      rows.isEmpty
      ? nil : Self.prefix(above.kept.keys, above.kept.values, from: cone.firstLayer)
    prefixRows = PackedRows.ranges(zip(kept, cone.firstPositions).map { ($0, $1) })
  }

  /// Continues from unchanged runs that were made before; gives logits of last positions only.
  ///
  /// - Parameter states: By example, of the same cone.
  init(
    _ model: DecoderModel<Scalar>, cone: Cone, _ states: [ConeState<Scalar>],
    under encoder: Encoder? = nil
  ) {
    precondition(
      cone.positions.map(\.count) == states.map(\.entering.rows),
      "states of another cone than \(cone)")
    (self.model, self.cone, self.encoder) = (model, cone, encoder)
    entering = .concatenated(states.map(\.entering))
    let above = states.map(\.keys.count).max() ?? 0
    let withPrefix = zip(states, cone.firstPositions).filter { $1 > 0 }.map(\.0)
    func joined(_ part: (ConeState<Scalar>) -> [Tensor<Scalar>]) -> [Tensor<Scalar>] {
      (0..<above).map { layer in .concatenated(withPrefix.map { part($0)[layer] }) }
    }
    prefix =
      withPrefix.isEmpty
      ? nil : Self.prefix(joined(\.keys), joined(\.values), from: cone.firstLayer)
    prefixRows = PackedRows.ranges(cone.firstPositions.map { ($0, $0) })
    (baseLogits, original) = (nil, nil)
  }

  func states() -> [ConeState<Scalar>] {
    let own = PackedRows.ranges(cone.positions.map { ($0.count, $0.count) })
    return lengths.indices.map { example in
      func kept(_ all: [Tensor<Scalar>]?) -> [Tensor<Scalar>] {
        guard cone.firstPositions[example] > 0, let all else { return [] }
        // Copied, so that a state which is dropped gives its memory back.
        return all[cone.firstLayer...].map { $0.gathered(Array(prefixRows[example])) }
      }
      let memory = encoder?.memory
      return ConeState(
        entering: entering.gathered(Array(own[example])), keys: kept(prefix?.keys),
        values: kept(prefix?.values),
        memory: memory.map {
          $0.rows.value.gathered(Array($0.batch.sequences[example].rows))
        })
    }
  }

  /// Keys and values of layers from `first` on, with none for the layers below.
  private static func prefix(
    _ keys: [Tensor<Scalar>], _ values: [Tensor<Scalar>], from first: Int
  ) -> KeyValues<Scalar> {
    let none = [Tensor<Scalar>](repeating: Tensor(zeros: [0, 1]), count: first)
    return KeyValues(keys: none + keys, values: none + values)
  }

  /// The packed rows of some positions of each example.
  private static func rows(of lengths: [Int], _ positions: [Range<Int>]) -> [Int] {
    var start = 0
    return zip(lengths, positions).flatMap { length, own in
      defer { start += length }
      return own.map { start + $0 }
    }
  }

  /// Runs the cone.
  func callAsFunction(
    logits: WantedLogits, on tape: Tape<Scalar>,
    visit: @escaping (SiteValue<Scalar>) -> Variable<Scalar>
  ) -> Variable<Scalar>? {
    let counts = cone.positions.map(\.count)
    let batch = Batch(zip(counts, prefixRows).map { ($0, [$1]) }, wholes: lengths)
    let visitor = visitor(RowPlaces(batch), visit)
    let run = Run<Scalar>(batch, tape: tape, prefix: prefix, visitor: visitor)
    run.memory = encoder?.memory
    var stream = Variable(entering)
    if cone.touchesEntry { stream = visitor(.blockOutput, cone.firstLayer - 1, stream) }
    let end = logits == .none ? min(cone.touchedEnd, model.shape.layers) : model.shape.layers
    if cone.firstLayer < end { stream = model.blocks(cone.firstLayer..<end, stream, in: run) }
    if logits != .none, let first = model.rowsWithLogits(batch) {
      return model.logits(tape.rows(stream, first), on: tape)
    }
    switch logits {
    case .none: return nil
    case .last: return lastLogits(stream, batch, on: tape)
    case .all:
      return PackedRows.joined(
        baseLogits, before: prefixRows, model.logits(stream, on: tape), counts: counts,
        after: rowsAfter, on: tape)
    }
  }

  private func visitor(
    _ places: RowPlaces, _ visit: @escaping (SiteValue<Scalar>) -> Variable<Scalar>
  ) -> Run<Scalar>.Visitor {
    if let encoder {
      return encoder.model.visitor(
        .decoder, places, RowPlaces(encoder.memory.batch), visit)
    }
    return { site, layer, value in
      visit(SiteValue(site: site, layer: layer, value: value, places: places))
    }
  }

  /// The rows of the unchanged run past the cone; empty where it was not asked for.
  private var rowsAfter: [Range<Int>] {
    lengths.indices.map { example in
      let start = prefixRows[example].lowerBound
      return start + cone.ends[example]..<start + lengths[example]
    }
  }

  /// The logits of last positions; those that the cone does not reach are the unchanged run's.
  private func lastLogits(
    _ stream: Variable<Scalar>, _ batch: Batch, on tape: Tape<Scalar>
  ) -> Variable<Scalar> {
    let reached = lengths.indices.filter { cone.ends[$0] == lengths[$0] }
    let lasts = reached.map { batch.sequences[$0].rows.upperBound - 1 }
    let own = model.logits(tape.rows(stream, lasts), on: tape)
    guard reached.count < lengths.count else { return own }
    return PackedRows.joined(
      baseLogits, before: lengths.map { _ in 0..<0 }, own,
      counts: lengths.indices.map { cone.ends[$0] == lengths[$0] ? 1 : 0 },
      after: rowsAfter.map { $0.suffix(1) }, on: tape)
  }
}

extension Cone {
  /// Of each example, those that have to run again.
  fileprivate var positions: [Range<Int>] { zip(firstPositions, ends).map { $0..<$1 } }
}
