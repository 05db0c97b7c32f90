internal import Autodiff
internal import Models
internal import Tensors

/// Sequences that grow, of a model that keeps no keys and values: each pass runs over all of them
/// again, and what earlier passes changed is changed again.
struct WholeSequences<Scalar: Real> {
  /// The rows that a pass was over, and what it did there.
  private struct Pass {
    let starts: [Int]
    let counts: [Int]
    let touched: Set<SiteOfLayer>
    let visit: (SiteValue<Scalar>) -> Variable<Scalar>
  }

  private let model: any IntervenableModel<Scalar>
  private var tokens: [[Int]]
  private var passes: [Pass] = []

  init(_ model: any IntervenableModel<Scalar>, examples: Int) {
    self.model = model
    tokens = Array(repeating: [], count: examples)
  }

  /// Runs the model over more tokens of every sequence.
  ///
  /// - Parameters:
  ///   - touched: Where `visit` does anything; positions there count from the new tokens on.
  /// - Returns: The logits of each sequence's last token, `[examples, vocabulary]`.
  mutating func advance(
    _ new: [[Int]], touched: Set<SiteOfLayer>, on tape: Tape<Scalar>,
    visit: @escaping (SiteValue<Scalar>) -> Variable<Scalar>
  ) -> Tensor<Scalar> {
    passes.append(
      Pass(starts: tokens.map(\.count), counts: new.map(\.count), touched: touched, visit: visit))
    tokens = zip(tokens, new).map { $0 + $1 }
    let passes = passes
    let logits = model.run(.tokens(tokens), on: tape) { here in
      var value = here.value
      for pass in passes where pass.touched.contains(SiteOfLayer(here.site, here.layer)) {
        value = Self.apply(pass, to: value, here, on: tape)
      }
      return value
    }
    return ModelRunner.lastRows(logits, tokens.map(\.count), on: tape).value
  }

  /// What a pass does to its own rows of a value.
  private static func apply(
    _ pass: Pass, to value: Variable<Scalar>, _ here: SiteValue<Scalar>, on tape: Tape<Scalar>
  ) -> Variable<Scalar> {
    var taken: [Int] = []
    var rows: [[Int?]] = []
    var firsts: [Int] = []
    for (example, start) in pass.starts.enumerated() {
      let own = here.places.positions(of: example)
        .clamped(to: start..<start + pass.counts[example])
      firsts.append(own.lowerBound - start)
      rows.append(
        own.map { position in
          guard let row = here.places.row(example: example, position: position) else { return nil }
          taken.append(row)
          return taken.count - 1
        })
    }
    if taken.isEmpty { return value }
    let changed = pass.visit(
      SiteValue(
        site: here.site, layer: here.layer, value: tape.rows(value, taken),
        places: RowPlaces(rows: rows, firstPositions: firsts)))
    return tape.replaceRows(value, taken, with: changed)
  }
}

/// A site of one layer.
struct SiteOfLayer: Hashable {
  let site: Site
  let layer: Int

  init(_ site: Site, _ layer: Int) { (self.site, self.layer) = (site, layer) }
}
