internal import Cluster
internal import JobFiles
internal import Models
internal import Inputs
internal import ResultsStore
internal import Statistics

/// What a dump's units and arrays hang on beside its job.
struct DumpOutline: Sendable, Codable {
  let layers: [Int]
  let sites: [DumpedSite]
  let corpus: CorpusLayout
}

/// Units and arrays of a dump: the first unit writes labels, each of the others a shard of every
/// site's array in `activations.zarr`.
struct DumpTable: Table {
  let spec: DumpSpec
  let outline: DumpOutline
  let layout: ActivationLayout
  let statistics: SiteStatistics

  init(_ spec: DumpSpec, _ outline: DumpOutline) throws(Refusal) {
    (self.spec, self.outline) = (spec, outline)
    layout = try ActivationLayout(
      outline.sites, of: spec.dump.sites, layers: outline.layers, outline.corpus,
      spec.dump.positions)
    statistics = SiteStatistics(
      outline.sites, layers: outline.layers, spec.statistics,
      longest: outline.corpus.lengths.reduce(0, max))
  }

  // MARK: Units

  var unitCount: Int { 1 + layout.shardCount }

  /// The rows that a unit writes; none of the labels'.
  func rows(of unit: Int) -> Range<Int> {
    unit == 0 ? 0..<0 : layout.rows(ofShard: unit - 1)
  }

  func name(of unit: Int) -> String {
    let rows = rows(of: unit)
    return unit == 0 ? "labels" : "rows \(rows.lowerBound) to \(rows.upperBound - 1)"
  }

  func next(_ results: Results<WrittenShards>) -> Phase? {
    func phase(_ name: String, _ units: Range<Int>) -> Phase? {
      Phase(name, of: "shards", over: Array(units), results) {
        WorkUnit(number: $0, cost: Double(max(1, rows(of: $0).count)))
      }
    }
    return phase("labels", 0..<1) ?? phase("activations", 1..<unitCount)
  }

  func result(_ bytes: [UInt8], of unit: Int) throws(Refusal) -> WrittenShards {
    var reader = ByteReader(bytes, what: name(of: unit))
    var files: [StoredFile] = []
    for _ in paths(of: unit) { files.append(try reader.file()) }
    let parts = unit == 0 ? [] : try statistics.parts(&reader, rows: rows(of: unit).count)
    try reader.end()
    return WrittenShards(files: files, statistics: parts)
  }

  func progress(_ results: Results<WrittenShards>) -> RunDetails {
    let (done, all) = (results.done.reduce(0) { $0 + rows(of: $1).count }, layout.rows.count)
    return RunDetails(
      lines: ["rows    \(done) of \(all)"],
      members: [.init("rows", ["total": .integer(all), "done": .integer(done)])])
  }

  // MARK: activations.zarr

  /// The path in the run's folder.
  static let store = "/activations.zarr"

  /// The hierarchy of `activations.zarr`.
  func root() throws(Refusal) -> ZarrGroup {
    try layout.root(
      [
        Attribute.Member("kind", .text(DumpSpec.kind)),
        Attribute.Member("model", .text(spec.modelName)),
        Attribute.Member("positions", .text(spec.dump.positions.label)),
        Attribute.Member("digest", .text(spec.digest)),
      ], model: spec.modelName, spec.save)
  }

  /// The files in the run's folder that a unit writes.
  func paths(of unit: Int) -> [String] {
    let names =
      unit == 0
      ? layout.labels.map { "/\($0.name)/c.0" }
      : outline.sites.map { layout.path(of: $0, shard: unit - 1) }
    return names.map { Self.store + $0 }
  }

  func files(_ results: Results<WrittenShards>, in folder: String) -> [RunFile] {
    results.done.flatMap { unit in
      zip(paths(of: unit), results[unit]?.files ?? []).map { path, file in
        RunFile(unit: unit, path: folder + path, digest: file.digest)
      }
    }
  }

  func audit(
    _ results: Results<WrittenShards>, in folder: RunFolder, isFinished: Bool
  ) -> (faults: [Refusal], notes: [String]) {
    let path = folder.path + Self.store
    guard results.doneCount > 0 || TrainingFiles.exists(path + "/zarr.json") else {
      return ([], [])
    }
    do throws(Refusal) {
      let store = try ZarrStore.open(path, as: root())
      guard isFinished else { return ([], []) }
      let strange = store.files(except: Set(files(results, in: folder.path).map(\.path)))
      return ([], strange.prefix(5).map { "\(escaped($0)): a file that no run writes" })
    } catch { return ([error], []) }
  }

  // MARK: results.zarr

  /// Bytes of a unit's record, at most.
  var recordBytes: Int { statistics.recordBytes + 72 * outline.sites.count }

  var groups: [ArrayGroup] { statistics.groups }

  func values(
    _ group: Int, at block: [Int], _ results: Results<WrittenShards>
  ) throws(Refusal) -> [ArrayValues?] {
    try statistics.values(group, at: block) { (site, layer) throws(Refusal) in
      try total(site: site, layer: layer, results)
    }
  }

  /// Of all rows of a site's layer, both by their place in the outline; nil until all units have ended.
  func total(
    site: Int, layer: Int, _ results: Results<WrittenShards>
  ) throws(Refusal) -> ActivationStatistics? {
    guard (1..<unitCount).allSatisfy({ results.hasEnded($0) }) else { return nil }
    return try statistics.total(
      site: site, layer: layer, of: (1..<unitCount).compactMap { results[$0]?.statistics })
  }
}
