internal import Checkpoints
internal import Cluster
internal import Figures
internal import Foundation
internal import Inputs
internal import JobFiles
internal import Locks
internal import Models
internal import ResultsStore
internal import Statistics
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
    var sites: [DumpedSite] = []
    for site in spec.dump.sites {
      guard site.isSplitIntoHeads, let count = shape.heads(of: site) else {
        sites.append(DumpedSite(site: site, width: shape.width(of: site), heads: nil))
        continue
      }
      let heads =
        try spec.dump.heads?.resolve(count: count, of: "\(spec.modelName), \(site.rawValue),")
        ?? Array(0..<count)
      sites.append(DumpedSite(site: site, width: heads.count * shape.headWidth, heads: heads))
    }
    table = try DumpTable(
      spec,
      DumpOutline(
        layers: try spec.dump.layers.resolve(count: shape.layers, of: spec.modelName), sites: sites,
        corpus: corpus.layout))
    guard table.rows.count > 0 else {
      throw Refusal(
        .job, file: spec.file, field: "dump.positions", found: "no token of any document",
        expected: "positions that at least one document has")
    }
    guard table.recordBytes <= Self.recordLimit else {
      throw Refusal(
        .job, file: spec.file,
        field: spec.statistics.hasMoments ? "statistics.moments" : "dump.layers",
        found: "statistics of \(RunNeeds.text(table.recordBytes)) for each shard",
        expected: "at most \(RunNeeds.text(Self.recordLimit)) (the limit): fewer layers, heads or "
          + "places, or no moments")
    }
  }

  /// Less than a journal's record may hold.
  private static let recordLimit = 60 << 20

  var weights: JobWeights? {
    JobWeights(checkpoint: corpus.published.checkpoint, section: spec.model)
  }

  var inputs: [JobInput] {
    [JobInput("texts", corpus.digest), JobInput("tokenizer", corpus.tokenizer?.digest)]
  }

  func lines(limit: Int) throws(Refusal) -> [String] {
    corpus.lines(limit: limit, model: spec.model)
      + table.outline.sites.map { site in
        let axes = site.axes.map { "\($0.name) \($0.count)" }.joined(separator: ", ")
        return
          "\(site.site.rawValue): token \(table.rows.count), layer \(table.outline.layers.count), "
          + axes
      }
  }

  // MARK: Work

  private struct Target: Sendable {
    /// The run's.
    let folder: String
    let store: ZarrStore
    let files: FileWriter
  }

  func workers(_ place: WorkPlace) throws(Refusal) -> Workers {
    let model = try ModelOnRanks.load(corpus.published, on: place.world)
    let pass = ActivationPass(
      model: model, sites: table.outline.sites.map(\.site), layers: table.outline.layers)
    let target = Locked<Target?>(nil)
    let (world, isCheck) = (place.world, place.launch == nil)
    return Workers(
      .apart { unit, isGivenUp in
        guard let target = target.withLock({ $0 }) else { throw Stopped() }
        let result =
          unit == 0 ? try labels(target) : try shards(unit, pass, target, unless: isGivenUp)
        if isCheck {
          // Only the digests are compared, and scratch space need not hold all shards at once.
          for name in table.arrays(of: unit) {
            try TrainingFiles.remove(target.folder + table.path(of: name, unit: unit))
          }
        }
        return result.bytes
      },
      begin: { (start) throws(Refusal) in
        let path = DumpTable.store(in: start.folder)
        let files = FileWriter(run: start.run, rank: world.rank)
        try world.agree {
          if world.rank == 0 { _ = try ZarrStore.create(at: path, table.root(), by: files) }
        }
        let store = try world.agree { () throws(Refusal) in try ZarrStore.open(path) }
        target.withLock { $0 = Target(folder: start.folder, store: store, files: files) }
        return nil
      })
  }

  private func labels(_ target: Target) throws -> DumpResult {
    var files: [StoredFile] = []
    for (name, axis, _) in table.labels {
      let writer = try ZarrShardWriter<Int32>(
        target.store.array(name), shard: [0], by: target.files)
      for start in stride(from: 0, to: axis.count, by: 1 << 16) {
        let range = start..<min(axis.count, start + 1 << 16)
        try writer.append(rows: table.label(name, range, tokens: corpus.tokens))
      }
      files.append(try writer.finish())
    }
    return DumpResult(files: files, statistics: [])
  }

  /// Tokens that go through the model together, at least, unless the unit ends: no number hangs on it.
  private static let batchTokens = 512

  private func shards(
    _ unit: Int, _ pass: ActivationPass, _ target: Target, unless isGivenUp: () -> Bool
  ) throws -> DumpResult {
    let sites = table.outline.sites
    let shards = try sites.map { site in
      try ActivationShard(
        target.store.array(site.site.rawValue), number: unit - 1, table.shape(of: site),
        roundBits: spec.save.roundBits, by: target.files)
    }
    var sequences = table.rows.sequences(for: table.rows(of: unit))[...]
    while !sequences.isEmpty {
      if isGivenUp() { throw Stopped() }
      var (batch, count): ([(tokens: Range<Int>, rows: Range<Int>)], Int) = ([], 0)
      while let next = sequences.first, count < Self.batchTokens {
        batch.append(next)
        count += next.tokens.count
        sequences.removeFirst()
      }
      let (kept, stretches) = table.rows.stretches(of: batch)
      let values = pass(batch.map { corpus.ids($0.tokens) })
      for (site, (shard, layers)) in zip(sites, zip(shards, values)) {
        try shard.append(
          layers.map { value in
            let rows = kept.count < value.rows ? value.gathered(kept) : value
            return part(of: rows, site)
          }, stretches)
      }
    }
    return DumpResult(
      files: try shards.map { try $0.finish() },
      statistics: shards.flatMap { $0.statistics.map(\.bytes) })
  }

  /// The columns of the heads that are kept.
  private func part(of rows: Tensor<Float>, _ site: DumpedSite) -> Tensor<Float> {
    guard let heads = site.heads, site.width < rows.width else { return rows }
    let width = site.width / heads.count
    return .concatenatedColumns(heads.map { rows.columns($0 * width..<($0 + 1) * width) })
  }

  // MARK: Cost

  /// Bits that a float takes in the store beside those kept of its mantissa: real residual streams in
  /// float32, byte-shuffled, take 26.4 bits as they are, 13.9 at 10 bits, 10.7 at 7.
  private static let otherBits = 3.7

  var cost: JobCost {
    let (shape, outline) = (corpus.published.shape, table.outline)
    let depth = ActivationPass.depth(spec.dump.sites, outline.layers)
    let read = (1..<table.unitCount).reduce(0) { sum, unit in
      sum + table.rows.sequences(for: table.rows(of: unit)).reduce(0) { $0 + $1.tokens.count }
    }
    let rowElements = outline.sites.reduce(0) { $0 + $1.width } * outline.layers.count
    let elements = table.rows.count * rowElements
    let labels = table.labels.reduce(0) { $0 + $1.axis.count }
    let bytes = 4 * (elements + labels)
    let longest = min(outline.corpus.context, outline.corpus.lengths.reduce(0, max))
    let batch = Self.batchTokens + longest
    let threadBytes =
      ActivationPass.byteCount(shape, rows: batch, longest: longest)
      + 4 * rowElements * (2 * batch + 2 * table.chunkRows)
      + outline.sites.reduce(0) { $0 + table.shape(of: $1).byteCount } * outline.layers.count
      + 16 * table.unitRows
    let stored = Double(bytes) * (Double(spec.save.roundBits ?? 23) + Self.otherBits) / 32
    let files = (table.unitCount - 1) * outline.sites.count + table.labels.count
    let held = 4 * corpus.tokens.count + 32 * outline.corpus.lengths.count
    return JobCost(
      weightBytes: corpus.published.byteCount,
      rankBytes: { (64 << 20) + held + $0 * threadBytes },
      operations: 2 * Double(read) * Double(depth * shape.productsPerBlockRow),
      // Compression, at 250 MB a second, and statistics.
      besideSeconds: Double(elements) * (4 / 250e6 + 5e-9), parallel: table.unitCount - 1,
      recordBytes: table.unitCount * (table.recordBytes + 80 * table.labels.count),
      // What does not compress takes a little more, and the last chunk is whole.
      ownBytes: bytes + bytes / 100 + 4 * rowElements * table.chunkRows + (64 << 10)
        * (table.labels.count + outline.sites.count),
      ownFiles: files + 2 * (table.labels.count + outline.sites.count) + 2,
      entries: [
        ("documents", Double(outline.corpus.lengths.count), corpus.summary),
        ("rows", Double(table.rows.count), "\(table.rows.count) tokens, \(table.unitRows) a shard"),
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

  /// Norms and quantiles of each layer as lines, and the norms along the layers as a picture.
  static func views(
    _ run: RunView<DumpTable>, _ options: ShowOptions
  ) throws(Refusal) -> RunPictures {
    let (table, names) = (run.table, run.table.outline.sites.map(\.site.rawValue))
    let chosen = try ShowOptions.place(of: options.site, in: names, .site)
    var text: [String] = []
    var series: [LinePlot.Series] = []
    for place in names.indices where chosen == nil || chosen == place {
      text.append("\(names[place]): norms, then values, at 1, 25, 50, 75 and 99 %")
      var norms: [Double] = []
      for (number, layer) in table.outline.layers.enumerated() {
        guard let found = try table.statistics(site: place, layer: number, run.results) else {
          throw run.nothing("shards that are left", expected: "a run whose shards are all done")
        }
        func line(_ quantile: (Double, Int) -> Double?, _ part: Int) -> String {
          [0.01, 0.25, 0.5, 0.75, 0.99].map {
            quantile($0, part).map { String(format: "%.4g", $0) } ?? "-"
          }
          .joined(separator: " ")
        }
        for part in 0..<found.shape.groups {
          let head = table.outline.sites[place].heads.map { ", head \($0[part])" } ?? ""
          text.append(
            "  layer \(layer)\(head): \(line(found.normQuantile, part)); "
              + line(found.quantile, part))
        }
        let parts = (0..<found.shape.groups).compactMap { found.meanNorm(group: $0) }
        norms.append(parts.isEmpty ? 0 : parts.reduce(0, +) / Double(parts.count))
      }
      series.append(LinePlot.Series(names[place], means: norms))
    }
    let plot = try LinePlot(
      title: "Norms of activations", columns: table.outline.layers.map(String.init), series: series,
      valueName: "mean norm", columnAxis: "layer", baseline: 0)
    return RunPictures(
      [.text(text.joined(separator: "\n")), .lines(plot)],
      figure: Figure(title: "Norms of activations", panels: [.lines(plot)]))
  }

  /// One line for each layer of each site, and for each head where it has heads.
  static func rows(
    _ run: RunView<DumpTable>, _ options: ExportOptions
  ) throws(Refusal) -> ExportRows {
    let (table, quantiles) = (run.table, StatisticsArrays.quantiles)
    let names = quantiles.map { "norm_\($0)" } + quantiles.map { "value_\($0)" }
    return ExportRows(
      heading: "site,layer,head,rows,mean_norm," + names.joined(separator: ",")
    ) { (add) throws(Refusal) in
      for (place, site) in table.outline.sites.enumerated() {
        for (number, layer) in table.outline.layers.enumerated() {
          guard let found = try table.statistics(site: place, layer: number, run.results) else {
            continue
          }
          for part in 0..<found.shape.groups {
            let values =
              [found.meanNorm(group: part)]
              + quantiles.map { found.normQuantile($0, group: part) }
              + quantiles.map { found.quantile($0, group: part) }
            let head = site.heads.map { "\($0[part])" } ?? ""
            try add(
              "\(site.site.rawValue),\(layer),\(head),\(found.count),"
                + values.map { $0.map { "\(Float($0))" } ?? "" }.joined(separator: ","))
          }
        }
      }
    }
  }

  static let exportsTensors = true

  /// Activations of sites and layers, `SITE.LAYER` of `[token, width]` or `[token, head, width]`, with
  /// their tokens.
  static func tensors(
    _ run: RunView<DumpTable>, _ options: ExportOptions
  ) throws(Refusal) -> SafetensorsWriter {
    let (reader, outline) = (try DumpReader(run), run.table.outline)
    let names = outline.sites.map(\.site.rawValue)
    let place = try ShowOptions.place(of: options.site, in: names, .site)
    if let layer = options.layer, !outline.layers.contains(layer) {
      throw Refusal(
        .commandLine, field: "--layer", found: "\(layer), which this run does not have",
        expected: "one of \(outline.layers.map(String.init).joined(separator: ", "))")
    }
    let sites = place.map { [outline.sites[$0]] } ?? outline.sites
    let layers = options.layer.map { [$0] } ?? outline.layers
    let bytes = 4 * reader.rowCount * layers.count * sites.reduce(0) { $0 + $1.width }
    guard bytes <= tensorLimit else {
      throw Refusal(
        .resources, field: "--safetensors", found: "\(RunNeeds.text(bytes)) of activations",
        expected: "at most \(RunNeeds.text(tensorLimit)): choose with --site and --layer, or read "
          + "activations.zarr")
    }
    var writer = SafetensorsWriter(metadata: ["model": run.table.spec.modelName])
    for site in sites {
      for layer in layers {
        let values = try reader.values(site.site, layer: layer, rows: 0..<reader.rowCount)
        writer.add(
          "\(site.site.rawValue).\(layer)", shape: [reader.rowCount] + site.axes.map(\.count),
          values.elements)
      }
    }
    for name in ["token_id", "document_index", "position"] {
      writer.add(name, shape: [reader.rowCount], try reader.label(name))
    }
    return writer
  }

  /// Bytes of tensors that are held at once.
  private static let tensorLimit = 4 << 30
}
