internal import Statistics
internal import Cluster
internal import Inputs
internal import Models
internal import ResultsStore
internal import Tensors

/// Runs a model over a corpus, and writes what it makes at sites and layers into a store's shards.
struct ActivationWriter: Sendable {
  private let corpus: Corpus
  private let layout: ActivationLayout
  /// Of each site's statistics.
  private let shapes: [StatisticsShape]
  private let roundBits: Int?
  private let pass: ActivationPass

  init(
    _ model: DecoderModel<Float>, _ corpus: Corpus, _ layout: ActivationLayout,
    _ shapes: [StatisticsShape], roundBits: Int?
  ) {
    (self.corpus, self.layout, self.shapes) = (corpus, layout, shapes)
    self.roundBits = roundBits
    pass = ActivationPass(model: model, sites: layout.sites.map(\.site), layers: layout.layers)
  }

  /// Writes the integers beside the activations, a file each.
  func labels(to store: ZarrStore, by files: FileWriter) throws -> WrittenShards {
    let written = try layout.labels.map { name, axis, _ in
      let writer = try ZarrShardWriter<Int32>(store.array(name), shard: [0], by: files)
      for start in stride(from: 0, to: axis.count, by: 1 << 16) {
        let range = start..<min(axis.count, start + 1 << 16)
        try writer.append(rows: layout.label(name, range, tokens: corpus.tokens))
      }
      return try writer.finish()
    }
    return WrittenShards(files: written, statistics: [])
  }

  /// Tokens that go through the model together, at least, unless the shard ends: no number hangs on
  /// it.
  static let batchTokens = 512

  /// Writes a shard of each site's array.
  ///
  /// - Throws: `Stopped` soon after `isGivenUp` says that nobody wants it any more.
  func shard(
    _ number: Int, to store: ZarrStore, by files: FileWriter, unless isGivenUp: () -> Bool
  ) throws -> WrittenShards {
    let shards = try zip(layout.sites, shapes).map { site, shape in
      try ActivationShard(
        store.array(site.site.rawValue), number: number, shape, roundBits: roundBits, by: files)
    }
    var sequences = layout.rows.sequences(for: layout.rows(ofShard: number))[...]
    while !sequences.isEmpty {
      if isGivenUp() { throw Stopped() }
      var (batch, count): ([(tokens: Range<Int>, rows: Range<Int>)], Int) = ([], 0)
      while let next = sequences.first, count < Self.batchTokens {
        batch.append(next)
        count += next.tokens.count
        sequences.removeFirst()
      }
      let (kept, stretches) = layout.rows.stretches(of: batch)
      let values = pass(batch.map { corpus.ids($0.tokens) })
      for (site, (shard, layers)) in zip(layout.sites, zip(shards, values)) {
        try shard.append(
          layers.map { value in
            site.part(of: kept.count < value.rows ? value.gathered(kept) : value)
          }, stretches)
      }
    }
    return WrittenShards(
      files: try shards.map { try $0.finish() },
      statistics: shards.flatMap { $0.statistics.map(\.bytes) })
  }
}

extension DumpedSite {
  /// The columns of the heads that are kept.
  fileprivate func part(of rows: Tensor<Float>) -> Tensor<Float> {
    guard let heads, width < rows.width else { return rows }
    let part = width / heads.count
    return .concatenatedColumns(heads.map { rows.columns($0 * part..<($0 + 1) * part) })
  }
}
