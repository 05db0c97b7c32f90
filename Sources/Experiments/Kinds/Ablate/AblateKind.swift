internal import Cluster
internal import Inputs
internal import Interventions
internal import JobFiles
internal import Models
internal import Tensors
internal import Prompts

/// Ablation: each cell's value becomes zero, a mean, or another text's.
struct AblateKind: SweepKind {
  static let summary =
    "what an answer costs without heads, neurons or layers (zero, mean, resample ablation)"

  let table: SweepTable<AblateSpec>
  let data: SweepData<AblateSpec>
  private let sources: AblationSources
  private let means: TextMeans
  /// Where means come from a dump.
  private let dumped: DumpedMeans?

  init(_ spec: AblateSpec) throws(Refusal) {
    var data = try SweepData(spec)
    sources = try AblationSources(spec, data)
    let shape = data.published.shape
    let layers = spec.takesMeans ? data.outline.layers(of: spec.items) : [:]
    let places =
      spec.ways.contains(.meanByPosition) ? data.outline.prompts.map(\.ids.count).max() : nil
    means = TextMeans(
      spec.source == nil ? layers : [:], of: sources.texts, shape, places: places)
    let outline = data.outline
    dumped = try spec.source.map { (source) throws(Refusal) in
      var dumped = try DumpedMeans(source, shape, places: places)
      for (item, grid) in zip(spec.items, outline.grids) {
        let (layers, coordinates) = grid.replaced(item, layerCount: outline.layers)
        let heads: [Int?] = item.site.isSplitIntoHeads ? coordinates : [nil]
        try dumped.add(item.site, layers: layers, heads: heads)
      }
      return dumped
    }
    data.outline.preliminaries = means.unitCount
    self.data = data
    table = try SweepTable(spec, data.outline)
  }

  var cost: JobCost {
    let donors = sources.donors.map { sources.texts[$0].count }
    return table.cost(
      data.published, longestExtra: donors.max() ?? 0,
      extraRows: donors.reduce(0, +) + means.texts.reduce(0) { $0 + $1.count },
      extraBytes: (means.unitCount + 2) * means.byteCount + (dumped?.reader.byteCount ?? 0),
      extraRecordBytes: means.unitCount * means.byteCount, skippedLine: data.skippedLine)
  }

  var dump: DumpReader? { dumped?.reader }
  var inputs: [JobInput] {
    data.inputs + [JobInput("dataset", sources.digest), JobInput("source", dumped?.digest)]
  }

  func lines(limit: Int) throws(Refusal) -> [String] {
    var lines = data.lines(spec, limit: limit)
    if !sources.texts.isEmpty {
      let from = spec.dataset == nil ? "the prompts" : "the data set"
      lines.append("values from \(from): \(sources.texts.count) texts")
    }
    return lines + (dumped.map { [$0.line] } ?? [])
  }

  var assumptions: [String] { data.notes }

  func workers(_ place: WorkPlace) throws(Refusal) -> Workers {
    let model = try ModelOnRanks.load(data.published, on: place.world)
    let (table, sources, means, ways) = (table, sources, means, spec.ways)
    let runner = try place.world.agree {
      try SweepRunner(table, model, by: data.resolver.prompts, threads: place.threads) { prompt in
        sources.donors.isEmpty ? [] : [sources.texts[sources.donors[prompt]]]
      }
    }
    let values = SiteMeans()
    if let dumped {
      place.observer?.note(dumped.line)
      values.take(try place.world.agree { () throws(Refusal) in try dumped.means() })
    }
    return Workers(
      .apart { unit, isGivenUp in
        guard unit >= table.firstPrompt else {
          return try means.compute(unit, model, unless: isGivenUp)
        }
        if let cells = table.unit(unit), ways[cells.condition].isMean, !values.areKnown {
          throw Refusal(
            .store, file: table.spec.file, field: "ablations",
            found: "no means, since a unit that takes a part of them failed",
            expected: "all parts of the means; causeway status says what failed")
        }
        return try runner.compute(
          unit,
          values: { cell, layer, coordinate, place in
            switch ways[cell.condition] {
            case .zero: return .zero
            case .resample: return .run(1, positions: place.positions)
            case .mean:
              return values.rows(
                table.spec.items[cell.item].site, layer: layer, coordinate: coordinate, length: nil,
                model.shape
              ).map { .row($0) }
            case .meanByPosition:
              return values.rows(
                table.spec.items[cell.item].site, layer: layer, coordinate: coordinate,
                length: table.outline.prompts[cell.prompt].ids.count, model.shape
              ).map { .rows($0.gathered(place.positions)) }
            }
          }, unless: isGivenUp)
      },
      handover: { (bytes) throws(Refusal) in
        let records = try table.preliminaries(handedOver: bytes)
        if !records.isEmpty { values.take(try means.merged(records)) }
      })
  }
}
