internal import Autodiff
public import Inputs
public import Models
public import Tensors

/// Unchanged runs that patched runs continue from, and take values from.
///
/// States, keys and values of all of them are kept, and what chosen runs made at chosen sites.
public struct BaseRuns: Sendable {
  public let runs: [BaseRun]
  public let rows: RunRows
  /// The stream entering block l at index l, and the last block's output at the end:
  /// `[rows.count, width]`.
  let streams: [Tensor<Float>]
  /// Keys and values by layer, rows as in `streams`.
  let keyValues: KeyValues<Float>
  /// What the source runs made at a site, by layer, `[source rows, width of site]`.
  private let values: [Site: [Tensor<Float>]]
  /// The place of each row among the source rows.
  private let sourceRows: [Int: Int]

  /// Runs them all.
  ///
  /// - Parameters:
  ///   - sites: Sites of which values are kept.
  ///   - sources: The runs whose values are kept; all of them unless said.
  ///   - isGivenUp: Asked before each layer.
  /// - Throws: `Stopped` once nobody wants the runs any more.
  public init(
    _ model: DecoderModel<Float>, _ runs: [BaseRun], keeping sites: Set<Site>,
    of sources: Set<Int>? = nil, unless isGivenUp: () -> Bool = { false }
  ) throws(Stopped) {
    let rows = RunRows(runs)
    let kept = rows.rows(of: sources ?? Set(runs.indices))
    (self.runs, self.rows) = (runs, rows)
    sourceRows = Dictionary(uniqueKeysWithValues: kept.enumerated().map { ($1, $0) })
    let collected = Self.collected(sites)
    let longest = rows.lengths.max() ?? 0

    var streams: [[Tensor<Float>]] = []
    var keyValues: KeyValues<Float>?
    var values: [Site: [[Tensor<Float>]]] = [:]
    var start = 0
    for pass in rows.passes {
      let batch = Batch(
        pass.map { run in
          let first = rows.firstOwn(run)
          return (runs[run].tokens.count - first, rows.ranges(run: run, 0..<first))
        })
      let own = start..<start + batch.rowCount
      start = own.upperBound
      guard !own.isEmpty else { continue }
      let wanted = kept.filter(own.contains).map { $0 - own.lowerBound }
      let made = try Self.pass(
        model, batch, .concatenated(pass.map { runs[$0].embeddings(model) }), prefix: keyValues,
        collecting: wanted.isEmpty ? [] : collected, unless: isGivenUp)
      streams.append(made.streams)
      keyValues = keyValues.map { $0.appending(made.kept) } ?? made.kept
      for (site, layers) in made.sites {
        values[site, default: []].append(
          layers.map { value in
            let chosen = wanted.count == value.rows ? value : value.gathered(wanted)
            guard site == .attentionWeight else { return chosen }
            return chosen.widened(heads: model.shape.heads, to: longest)
          })
      }
    }
    self.streams = Self.joined(streams)
    self.keyValues = keyValues ?? KeyValues()
    self.values = values.mapValues(Self.joined)
  }

  /// The sites that must be collected on the way; the stream is kept anyway.
  private static func collected(_ sites: Set<Site>) -> Set<Site> {
    Set(sites.map(\.unsplit)).subtracting([.blockInput, .blockOutput])
  }

  /// The passes' rows below each other, by layer.
  private static func joined(_ passes: [[Tensor<Float>]]) -> [Tensor<Float>] {
    guard passes.count > 1 else { return passes.first ?? [] }
    return passes[0].indices.map { layer in .concatenated(passes.map { $0[layer] }) }
  }

  private static func pass(
    _ model: DecoderModel<Float>, _ batch: Batch, _ embeddings: Tensor<Float>,
    prefix: KeyValues<Float>?, collecting sites: Set<Site>, unless isGivenUp: () -> Bool
  ) throws(Stopped) -> (
    streams: [Tensor<Float>], kept: KeyValues<Float>, sites: [Site: [Tensor<Float>]]
  ) {
    var collected: [Site: [Tensor<Float>]] = [:]
    let run = Run<Float>(batch, prefix: prefix, keepsKeyValues: true) { site, _, x in
      if sites.contains(site) { collected[site, default: []].append(x.value) }
      return x
    }
    var streams = [model.stream(of: Variable(embeddings), in: run).value]
    for layer in 0..<model.shape.layers {
      guard !isGivenUp() else { throw Stopped() }
      streams.append(model.block(layer, Variable(streams[layer]), in: run).value)
    }
    return (streams, run.kept, collected)
  }

  /// The last block's output at a position of a run, `[1, width]`.
  public func stream(run: Int, position: Int) -> Tensor<Float> {
    let row = rows.row(run: run, position: position)
    return streams[streams.count - 1].rows(row..<row + 1)
  }

  /// The last block's output at the last positions of a run, `[reading, width]`.
  public func lastStream(run: Int, reading: Int = 1) -> Tensor<Float> {
    let positions = rows.lengths[run] - reading..<rows.lengths[run]
    return .concatenated(positions.map { stream(run: run, position: $0) })
  }

  /// What a run made at a site in a layer, `[positions, width of site]`; of attention weights a row
  /// is `[heads · longest run]`, zero where a query sees no key.
  public func value(_ site: Site, layer: Int, run: Int) -> Tensor<Float> {
    values(site.unsplit, layer: layer).gathered(
      (0..<rows.lengths[run]).map { sourceRow(site.unsplit, run: run, position: $0) })
  }

  /// The rows that `sourceRow` counts, of an unsplit site.
  func values(_ site: Site, layer: Int) -> Tensor<Float> {
    switch site {
    case .blockInput: return streams[layer]
    case .blockOutput: return streams[layer + 1]
    default:
      guard let value = values[site]?[layer] else {
        preconditionFailure("values of \(site) are not kept")
      }
      return value
    }
  }

  /// The row of a position in `values`.
  func sourceRow(_ site: Site, run: Int, position: Int) -> Int {
    let row = rows.row(run: run, position: position)
    if site == .blockInput || site == .blockOutput { return row }
    guard let source = sourceRows[row] else {
      preconditionFailure("values of run \(run) are not kept")
    }
    return source
  }

  /// Bytes that runs would keep.
  public static func byteCount(
    _ shape: DecoderShape, _ rows: RunRows, keeping sites: Set<Site>, of sources: Set<Int>? = nil
  ) -> Int {
    let kept = (shape.layers + 1) * shape.width + 2 * shape.layers * shape.keyWidth
    let longest = rows.lengths.max() ?? 0
    let values = collected(sites).reduce(0) {
      $0 + shape.layers * shape.width(of: $1) * ($1 == .attentionWeight ? longest : 1)
    }
    let sourceRows = rows.rows(of: sources ?? Set(rows.lengths.indices)).count
    return 4 * (rows.count * kept + sourceRows * values)
  }
}

extension BaseRun {
  /// The embeddings of the run's own positions, corrupted where it is.
  func embeddings(_ model: DecoderModel<Float>) -> Tensor<Float> {
    let first = shared?.count ?? 0
    let clean = model.tokenEmbeddings(Array(tokens[first...]), on: Tape()).value
    guard let corruption else { return clean }
    let start = corruption.firstPosition - first
    let touched = start..<start + corruption.rows.rows
    return .concatenated([
      clean.rows(0..<touched.lowerBound),
      corruption.isAdded ? clean.rows(touched) + corruption.rows : corruption.rows,
      clean.rows(touched.upperBound..<clean.rows),
    ])
  }
}

extension KeyValues {
  /// These rows with others below them.
  fileprivate func appending(_ more: KeyValues) -> KeyValues {
    KeyValues(
      keys: zip(keys, more.keys).map { .concatenated([$0, $1]) },
      values: zip(values, more.values).map { .concatenated([$0, $1]) })
  }
}

extension Tensor {
  /// Attention weights with room for more keys.
  fileprivate func widened(heads: Int, to capacity: Int) -> Tensor {
    let keys = width / heads
    guard keys < capacity else { return self }
    return Tensor([rows, heads * capacity]) { to in
      to.update(repeating: 0, count: rows * heads * capacity)
      for i in 0..<rows * heads {
        (to + i * capacity).update(from: unsafePointer + i * keys, count: keys)
      }
    }
  }
}
