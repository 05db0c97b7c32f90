internal import Autodiff
internal import Models
internal import Tensors

/// A decoder's unchanged run, kept as far as a changed run needs it to continue from it.
///
/// Streams below the cone, keys and values before it, and the logits of positions that it does not
/// reach are this run's; the changed run has rows in the cone only.
struct ConeRun<Scalar: Real> {
  /// The logits that a changed run is asked for.
  enum Logits: Equatable { case none, last, all }

  private let model: DecoderModel<Scalar>
  private let cone: Cone
  private let lengths: [Int]
  /// The stream entering the cone's first layer, the rows in the cone.
  private let entering: Tensor<Scalar>
  private let prefix: KeyValues<Scalar>?
  /// The rows of `prefix` that stand for each example's positions before the cone.
  private let prefixRows: [Range<Int>]
  /// Logits of the unchanged run: of every row, or of the rows of `prefixRows`.
  private let baseLogits: Tensor<Scalar>?

  /// The unchanged run's logits, all rows, if they were asked for.
  let original: Tensor<Scalar>?

  /// Runs the unchanged base.
  ///
  /// - Parameters:
  ///   - wantsOriginal: Whether the unchanged run's own logits are wanted.
  ///   - logits: What changed runs will be asked for.
  init(
    _ model: DecoderModel<Scalar>, _ inputs: ModelInputs<Scalar>, cone: Cone, wantsOriginal: Bool,
    logits: Logits
  ) {
    self.model = model
    self.cone = cone
    let batch = model.batch(of: inputs)
    lengths = batch.sequences.map(\.length)
    let tape = Tape<Scalar>()
    let below = Run<Scalar>(batch, tape: tape)
    let start = model.stream(of: model.embeddings(of: inputs, on: tape), in: below)
    let all = model.blocks(0..<cone.firstLayer, start, in: below).value
    entering = all.gathered(Self.rows(of: lengths, from: cone.firstPositions))

    let kept = wantsOriginal ? lengths : cone.firstPositions
    let rows = Self.rows(of: lengths, upTo: kept)
    let above = Run<Scalar>(Batch(lengths: kept), tape: tape, keepsKeyValues: true)
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
    prefixRows = Self.ranges(zip(kept, cone.firstPositions).map { ($0, $1) })
  }

  /// Continues from unchanged runs that were made before; gives logits of last positions only.
  ///
  /// - Parameter states: By example, of the same cone.
  init(_ model: DecoderModel<Scalar>, cone: Cone, _ states: [ConeState<Scalar>]) {
    self.model = model
    self.cone = cone
    lengths = states.map(\.length)
    precondition(
      cone.firstPositions == states.map(\.firstPosition), "states of another cone than \(cone)")
    entering = .concatenated(states.map(\.entering))
    let above = states.map(\.keys.count).max() ?? 0
    let withPrefix = states.filter { $0.firstPosition > 0 }
    func joined(_ part: (ConeState<Scalar>) -> [Tensor<Scalar>]) -> [Tensor<Scalar>] {
      (0..<above).map { layer in .concatenated(withPrefix.map { part($0)[layer] }) }
    }
    prefix =
      withPrefix.isEmpty
      ? nil : Self.prefix(joined(\.keys), joined(\.values), from: cone.firstLayer)
    prefixRows = Self.ranges(cone.firstPositions.map { ($0, $0) })
    (baseLogits, original) = (nil, nil)
  }

  /// What each example's changed runs continue from, apart from the others'.
  func states() -> [ConeState<Scalar>] {
    var row = 0
    return lengths.indices.map { example in
      let (length, first) = (lengths[example], cone.firstPositions[example])
      defer { row += length - first }
      func own(_ all: [Tensor<Scalar>]?) -> [Tensor<Scalar>] {
        guard first > 0, let all else { return [] }
        // Copied, so that a state which is dropped gives its memory back.
        return all[cone.firstLayer...].map { $0.gathered(Array(prefixRows[example])) }
      }
      return ConeState(
        length: length, firstPosition: first,
        entering: entering.gathered(Array(row..<row + length - first)), keys: own(prefix?.keys),
        values: own(prefix?.values))
    }
  }

  /// Keys and values of layers from `first` on, with none for the layers below.
  private static func prefix(
    _ keys: [Tensor<Scalar>], _ values: [Tensor<Scalar>], from first: Int
  ) -> KeyValues<Scalar> {
    let none = [Tensor<Scalar>](repeating: Tensor(zeros: [0, 1]), count: first)
    return KeyValues(keys: none + keys, values: none + values)
  }

  /// For each example the rows that it uses of those kept, which lie one after another.
  private static func ranges(_ counts: [(kept: Int, used: Int)]) -> [Range<Int>] {
    var next = 0
    return counts.map { kept, used in
      defer { next += kept }
      return next..<next + used
    }
  }

  private static func rows(of lengths: [Int], upTo counts: [Int]) -> [Int] {
    var start = 0
    return zip(lengths, counts).flatMap { length, count in
      defer { start += length }
      return Array(start..<start + count)
    }
  }

  private static func rows(of lengths: [Int], from firsts: [Int]) -> [Int] {
    var start = 0
    return zip(lengths, firsts).flatMap { length, first in
      defer { start += length }
      return Array(start + first..<start + length)
    }
  }

  /// Runs the cone.
  ///
  /// - Returns: The logits of every row of the base, or of each example's last; nil if none are
  ///   wanted.
  func callAsFunction(
    through last: Int, logits: Logits, on tape: Tape<Scalar>,
    visit: @escaping (SiteValue<Scalar>) -> Variable<Scalar>
  ) -> Variable<Scalar>? {
    let counts = zip(lengths, cone.firstPositions).map { $0 - $1 }
    let batch = Batch(zip(counts, prefixRows).map { ($0, [$1]) })
    let places = RowPlaces(batch)
    let run = Run<Scalar>(batch, tape: tape, prefix: prefix) { site, layer, value in
      visit(SiteValue(site: site, layer: layer, value: value, places: places))
    }
    var stream = Variable(entering)
    if cone.touchesEntry {
      stream = visit(
        SiteValue(site: .blockOutput, layer: cone.firstLayer - 1, value: stream, places: places))
    }
    let end = logits == .none ? min(last + 1, model.shape.layers) : model.shape.layers
    if cone.firstLayer < end { stream = model.blocks(cone.firstLayer..<end, stream, in: run) }
    if logits != .none, let first = model.rowsWithLogits(batch) {
      return model.logits(tape.rows(stream, first), on: tape)
    }
    switch logits {
    case .none: return nil
    case .last:
      let lasts = batch.sequences.map { $0.rows.upperBound - 1 }
      return model.logits(tape.rows(stream, lasts), on: tape)
    case .all:
      let changed = model.logits(stream, on: tape)
      guard let baseLogits else { return changed }
      return assembled(changed, baseLogits, counts, on: tape)
    }
  }

  /// Every row's logits in the order of the base's rows.
  private func assembled(
    _ changed: Variable<Scalar>, _ base: Tensor<Scalar>, _ counts: [Int], on tape: Tape<Scalar>
  ) -> Variable<Scalar> {
    var order: [Int] = []
    var next = base.rows
    for (prefix, count) in zip(prefixRows, counts) {
      order += prefix
      order += next..<next + count
      next += count
    }
    return tape.rows(tape.concatenate([Variable(base), changed]), order)
  }
}
