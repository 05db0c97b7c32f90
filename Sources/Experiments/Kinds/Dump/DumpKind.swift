internal import Statistics
internal import Checkpoints
internal import Cluster
internal import Inputs
internal import JobFiles
internal import Models
internal import Tensors
internal import Tokenizers

/// Dumps of activations over a corpus, with their statistics.
struct DumpKind: Kind {
  static let summary = "activations of sites, layers and heads over a corpus, with their statistics"
  static let choices: Set<ShowOptions.Choice> = [.site]

  let table: DumpTable
  private let corpus: Corpus

  init(_ spec: DumpSpec) throws(Refusal) {
    corpus = try Corpus(spec.model, spec.data)
    let shape = corpus.published.shape
    let layers = try spec.dump.layers.resolve(count: shape.layers, of: spec.modelName)
    var sites: [DumpedSite] = []
    for (number, site) in spec.dump.sites.enumerated() {
      let having = shape.layers(with: site)
      if let layer = layers.first(where: { layer in !having.contains { $0.contains(layer) } }) {
        throw spec.dump.sitesPlace.item(number).refusal(
          "\(site.rawValue) in layer \(layer)",
          expected: "a site that each of the layers has: causeway sites lists them")
      }
      sites.append(
        try DumpedSite(site, heads: spec.dump.heads, shape, model: spec.modelName))
    }
    table = try DumpTable(
      spec,
      DumpOutline(
        layers: layers, sites: sites, corpus: corpus.layout))
    guard table.layout.rows.count > 0 else {
      throw spec.dump.positionsPlace.refusal(
        "no token of any document", expected: "positions that at least one document has")
    }
    guard table.recordBytes <= Self.recordLimit else {
      let place = spec.statistics.hasMoments ? spec.momentsPlace : spec.dump.layersPlace
      throw place.refusal(
        "statistics of \(RunNeeds.text(table.recordBytes)) for each shard",
        expected: "at most \(RunNeeds.text(Self.recordLimit)) (the limit): fewer layers, heads or "
          + "places, or no moments")
    }
  }

  /// Less than a journal's record may hold.
  private static let recordLimit = 60 << 20

  var weights: JobWeights? {
    JobWeights(
      checkpoint: corpus.published.checkpoint, section: spec.model, notes: corpus.published.notes)
  }

  var inputs: [JobInput] {
    [JobInput("texts", corpus.digest), JobInput("tokenizer", corpus.tokenizer?.digest)]
  }

  func lines(limit: Int) throws(Refusal) -> [String] {
    corpus.lines(limit: limit, model: spec.model)
      + table.outline.sites.map { site in
        let axes = site.axes.map { "\($0.name) \($0.count)" }.joined(separator: ", ")
        return
          "\(site.site.rawValue): token \(table.layout.rows.count), "
          + "layer \(table.outline.layers.count), \(axes)"
      }
  }

  // MARK: Work

  func workers(_ place: WorkPlace) throws(Refusal) -> Workers {
    let writer = ActivationWriter(
      try ModelOnRanks.load(corpus.published, on: place.world), corpus, table.layout,
      table.statistics.shapes, roundBits: spec.save.roundBits)
    let (table, world) = (table, place.world)
    let store = UnitStore(DumpTable.store, isCheck: place.launch == nil, stop: place.stop)
    return Workers(
      .apart { unit, isGivenUp in
        try store.write(table.paths(of: unit)) { open in
          unit == 0
            ? try writer.labels(to: open.store, by: open.files).bytes
            : try writer.shard(unit - 1, to: open.store, by: open.files, unless: isGivenUp).bytes
        }
      },
      begin: { (start) throws(Refusal) in
        try store.begin(start, table.root(), on: world)
        return nil
      })
  }

  // MARK: Cost

  /// Bits that a float takes in the store beside those kept of its mantissa: real residual streams in
  /// float32, byte-shuffled, take 26.4 bits as they are, 13.9 at 10 bits, 10.7 at 7.
  private static let otherBits = 3.7

  var cost: JobCost {
    let (shape, outline, layout) = (corpus.published.shape, table.outline, table.layout)
    let depth = ActivationPass.depth(spec.dump.sites, outline.layers)
    let read = (1..<table.unitCount).reduce(0) { sum, unit in
      sum + layout.rows.sequences(for: table.rows(of: unit)).reduce(0) { $0 + $1.tokens.count }
    }
    let (rows, labels) = (layout.rows.count, layout.labels)
    let elements = rows * layout.rowElements
    let bytes = 4 * (elements + labels.reduce(0) { $0 + $1.axis.count })
    let longest = min(outline.corpus.context, outline.corpus.lengths.reduce(0, max))
    let batch = ActivationWriter.batchTokens + longest
    let threadBytes =
      ActivationPass.byteCount(shape, rows: batch, longest: longest)
      + 4 * layout.rowElements * (2 * batch + 2 * layout.chunkRows)
      + table.statistics.byteCount + 16 * layout.shardRows
    let stored = Double(bytes) * (Double(spec.save.roundBits ?? 23) + Self.otherBits) / 32
    let held = 4 * corpus.tokens.count + 32 * outline.corpus.lengths.count
    return JobCost(
      weightBytes: corpus.published.byteCount,
      rankBytes: { (64 << 20) + held + $0 * threadBytes },
      operations: 2 * Double(read) * Double(depth * shape.productsPerBlockRow),
      // Compression, at 250 MB a second, and statistics.
      besideSeconds: Double(elements) * (4 / 250e6 + 5e-9), parallel: layout.shardCount,
      recordBytes: table.unitCount * (table.recordBytes + 80 * labels.count),
      // What does not compress takes a little more, and the last chunk is whole.
      ownBytes: bytes + bytes / 100 + 4 * layout.rowElements * layout.chunkRows + (64 << 10)
        * (labels.count + outline.sites.count),
      ownFiles: (layout.shardCount + 2) * outline.sites.count + 3 * labels.count + 2,
      entries: [
        ("documents", Double(outline.corpus.lengths.count), corpus.summary),
        ("rows", Double(rows), "\(rows) tokens, \(layout.shardRows) a shard"),
        ("tokens_read", Double(read), "\(read), through \(depth) layers"),
        ("activation_bytes", Double(bytes), "\(RunNeeds.text(bytes)) before compression"),
        (
          "stored_bytes", stored,
          "about \(RunNeeds.text(Int(stored))) after it, by what residual streams of real models "
            + "take" + (spec.save.roundBits.map { " at \($0) bits" } ?? "")
        ),
      ])
  }

  // MARK: Figures and tables

  static func views(
    _ run: RunView<DumpTable>, _ options: ShowOptions
  ) throws(Refusal) -> RunPictures {
    let names = run.table.outline.sites.map(\.site.rawValue)
    return try run.statistics.pictures(
      of: ShowOptions.place(of: options.site, in: names, .site),
      missing: run.nothing("shards that are left", expected: "a run whose shards are all done"))
  }

  static func rows(
    _ run: RunView<DumpTable>, _ options: ExportOptions
  ) throws(Refusal) -> ExportRows { run.statistics.rows }

  static let exportsTensors = true

  static func tensors(
    _ run: RunView<DumpTable>, _ options: ExportOptions
  ) throws(Refusal) -> SafetensorsWriter { try DumpReader(run).tensors(options) }
}

extension RunView<DumpTable> {
  fileprivate var statistics: StatisticsViews {
    StatisticsViews(table.statistics) { (site, layer) throws(Refusal) in
      try table.total(site: site, layer: layer, results)
    }
  }
}
